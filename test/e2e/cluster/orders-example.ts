import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { type Field, until } from "./field.ts";
import type { NumberedTopic } from "./numbered-topic.ts";

const examples = join(import.meta.dirname, "..", "..", "..", "examples");

/** A manifest of examples/, as far as tests change it. */
export interface ExampleObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Record<string, unknown>;
}

/** An order whose number is its id. */
export const order = (n: number): unknown => ({
  order_id: String(n),
  placed_at: "2026-01-31T12:00:00",
  amount: "12.50",
  currency: "EUR",
  status: "paid",
});

/** The objects of a file of examples/, as it is there. */
export async function exampleObjects(file: string): Promise<readonly ExampleObject[]> {
  const documents = parseAllDocuments(await readFile(join(examples, file), "utf8"));
  return documents.map((document) => document.toJS() as ExampleObject);
}

/** What is other than in the example. */
export interface OrdersPlace {
  readonly field: Field;
  readonly topic: NumberedTopic;
}

/** What a pod may use of a CPU, and half of it is its request, as in the examples: the load of a test is much for it. */
const podMillicores = 150;
/** Digests that the SQL makes of each record for nothing: some 400 records a second are then all that such a pod can do. */
const digests = 200;
/** Records that one pod has work for a minute with, on an idle machine. */
export const backlog = 20_000;

/** The Pipeline of an example, as a user changes it: its own topic, schema and group, a load a second; pods with little and much to do. */
export async function ordersPipeline(file: string, { field, topic }: OrdersPlace): Promise<ExampleObject> {
  const [pipeline] = (await exampleObjects(file)) as [ExampleObject];
  const { kafka } = pipeline.spec["source"] as { kafka: Record<string, unknown> };
  kafka["topics"] = [topic.name];
  if (kafka["groupId"] !== undefined) kafka["groupId"] = groupOf(field);
  const { snowflake } = pipeline.spec["sink"] as { snowflake: Record<string, unknown> };
  Object.assign(snowflake, { database: field.account.database, schema: field.account.schema });
  snowflake["load"] = { copy: { everySeconds: 1 } };
  const transform = pipeline.spec["transform"] as { sql: string };
  transform.sql = `${transform.sql.trim()} AND ${"sha256(".repeat(digests)}order_id${")".repeat(digests)} <> ''`;
  const memory = "768Mi";
  const requests = { memory, cpu: `${podMillicores / 2}m` };
  pipeline.spec["pod"] = { resources: { requests, limits: { memory, cpu: `${podMillicores}m` } } };
  return pipeline;
}

/** The consumer group of an example that names it; a broker is shared. */
export const groupOf = (field: Field): string => `orders-loader-${field.namespace}`;

/** Resolves once the example's table has each order of the topic once and nothing else. */
export async function ordersArrived(field: Field, topic: NumberedTopic, timeoutMs: number): Promise<void> {
  let last: unknown = "no table";
  const { database, schema } = field.account;
  const numbers = "COUNT(*) AS C, COUNT(DISTINCT ORDER_ID) AS D, MIN(TO_NUMBER(ORDER_ID)) AS A, MAX(TO_NUMBER(ORDER_ID)) AS B";
  const complete = async (): Promise<true | undefined> => {
    const there = await field.account.query(`SHOW TABLES LIKE 'ORDERS' IN SCHEMA ${database}.${schema}`);
    if (there.length === 0) return undefined;
    const [row] = await field.account.query(`SELECT ${numbers} FROM ${database}.${schema}.ORDERS`);
    last = row;
    const [count, distinct, first, end] = ["C", "D", "A", "B"].map((name) => Number(row?.[name]));
    if (count! > topic.written || count !== distinct) throw new Error(`ORDERS: not each order once: ${JSON.stringify(row)}`);
    return count === topic.written && first === 0 && end === topic.written - 1 ? true : undefined;
  };
  await until("each order in the table", complete, timeoutMs).catch(async (cause: unknown) => {
    const status = JSON.stringify((await field.pipeline("orders"))?.status, null, 1);
    throw new Error(`${(cause as Error).message}: ${JSON.stringify(last)} of ${topic.written}; status: ${status}`, { cause });
  });
}
