import { type AddressInfo, createServer, type Socket } from "node:net";
import { Admin as KafkaAdmin } from "@platformatic/kafka";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KafkaConnection, KafkaSource } from "../../../crds/connectors/kafka.ts";
import { Batch } from "../../../runtime/component/batch.ts";
import { type ProbeQuestion, questionBytesMax } from "../../../runtime/probe/probe-message.ts";
import type { SecureBroker } from "../../kafka/broker.ts";
import { freePorts } from "../../kafka/free-port.ts";
import { sharedBroker } from "../../kafka/shared-broker.ts";
import { uniqueName } from "../../kafka/unique-name.ts";
import { KafkaPlace } from "../kafka/kafka-place.ts";
import { ProbeProcess } from "./probe-process.ts";

const never = new AbortController().signal;

let place: KafkaPlace;
let bootstrap: string;
let secure: SecureBroker;
let probe: ProbeProcess;
beforeAll(async () => {
  ({ bootstrap, secure } = await sharedBroker());
  place = new KafkaPlace(bootstrap);
  probe = new ProbeProcess(15);
});
afterAll(async () => {
  await probe[Symbol.asyncDispose]();
  await place[Symbol.asyncDispose]();
});

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** A question about these topics, of a group of its own. */
function questionOf(
  source: Partial<Omit<KafkaSource, "connection" | "format">>,
  more: { readonly connection?: KafkaConnection; readonly files?: ProbeQuestion["files"]; readonly name?: string } = {},
): ProbeQuestion {
  const kafka = { connection: "events", startFrom: "earliest", tombstones: "skip", fetchWaitMs: 100, format: { raw: {} } };
  return {
    id: uniqueName("question"),
    pipeline: { namespace: "shop", name: more.name ?? uniqueName("orders") },
    source: { kafka: { ...kafka, ...source } as KafkaSource },
    connection: { kafka: more.connection ?? { brokers: bootstrap.split(",") } },
    files: more.files ?? {},
  };
}

/** Commits as the pipeline's group does. */
async function commit(name: string, topic: string, offsets: readonly number[]): Promise<void> {
  const admin = new KafkaAdmin({ clientId: "test", bootstrapBrokers: bootstrap.split(",") });
  const partitionOffsets = offsets.map((offset, partition) => ({ partition, offset: BigInt(offset) }));
  await admin.alterConsumerGroupOffsets({ groupId: `snowline.shop.${name}`, topics: [{ name: topic, partitionOffsets }] });
  await admin.close();
}

test("a source's lag is what lies behind the group's offsets, and its ends grow by what arrives", async () => {
  const [topic, name] = [await place.topic(2), uniqueName("orders")];
  await place.produce(topic, 0, ["a", "b", "c"]);
  await place.produce(topic, 1, ["d"]);
  const question = questionOf({ topics: [topic] }, { name });
  expect(await probe.ask(question)).toEqual({ id: question.id, lagRecords: 4, partitions: 2, ends: 4 });
  await commit(name, topic, [2, 1]);
  expect(await probe.ask({ ...question, id: "committed" })).toMatchObject({ lagRecords: 1, partitions: 2, ends: 4 });
  await place.produce(topic, 1, ["e", "f"]);
  expect(await probe.ask({ ...question, id: "more" })).toMatchObject({ lagRecords: 3, partitions: 2, ends: 6 });
});

test.each(["latest", "2026-01-31T00:00:00Z"])(
  "where nothing is committed and startFrom is %s there is no telling",
  async (startFrom) => {
    const [topic, name] = [await place.topic(2), uniqueName("orders")];
    await place.produce(topic, 0, ["a", "b"]);
    const question = questionOf({ topics: [topic], startFrom }, { name });
    expect(await probe.ask(question)).toMatchObject({ lagRecords: null, partitions: 2, ends: 2 });
    await commit(name, topic, [1]);
    expect(await probe.ask({ ...question, id: `half ${startFrom}` })).toMatchObject({ lagRecords: null });
    await commit(name, topic, [1, 0]);
    expect(await probe.ask({ ...question, id: `whole ${startFrom}` })).toMatchObject({ lagRecords: 1 });
  },
);

test("records that retention has deleted are no lag of a source that never read them", async () => {
  const topic = await place.topic();
  await place.produce(topic, 0, ["a", "b", "c"]);
  await place.deleteRecordsBefore(topic, 2);
  expect(await probe.ask(questionOf({ topics: [topic] }))).toMatchObject({ lagRecords: 1, ends: 3 });
});

test("records of a transaction count once it is committed", async () => {
  const topic = await place.topic();
  const producer = await place.producer({ transactionalId: uniqueName("tx"), maxInFlightRequests: 1, idempotent: true });
  const transaction = await producer.transaction();
  await transaction.send({ topic, acks: -1, messages: [{ value: "a" }, { value: "b" }] });
  const question = questionOf({ topics: [topic] });
  expect(await probe.ask(question)).toMatchObject({ lagRecords: 0 });
  await transaction.commit();
  await expect.poll(async () => probe.ask({ ...question, id: uniqueName("again") })).toMatchObject({ lagRecords: 3 });
});

test("once all is loaded there is no lag, also behind the marks that transactions leave at the end", async () => {
  const [topic, name] = [await place.topic(), uniqueName("orders")];
  const producer = await place.producer({ transactionalId: uniqueName("tx"), maxInFlightRequests: 1, idempotent: true });
  for (const end of ["commit", "abort"] as const) {
    const transaction = await producer.transaction();
    await transaction.send({ topic, acks: -1, messages: [{ value: end }] });
    await transaction[end]();
  }
  const source = await place.source({ topics: [topic] }, { context: place.context({ namespace: "shop", name }) });
  for (const split of await source.splits(never)) await source.open(split, null);
  const batch = new Batch([], { bytesMax: 1 << 20, recordsMax: 100 });
  while (source.progress()[0]!.at !== source.progress()[0]!.end) await source.read(batch, never);
  expect(batch.count).toBe(1);
  source.loaded(batch.moves);
  await source[Symbol.asyncDispose]();
  expect(await probe.ask(questionOf({ topics: [topic] }, { name }))).toMatchObject({ lagRecords: 0, ends: 4 });
});

test("a pattern counts all topics that match, and none yet is no lag", async () => {
  const prefix = uniqueName("pattern");
  const question = questionOf({ topicPattern: `${prefix}-[ab]` });
  expect(await probe.ask(question)).toMatchObject({ lagRecords: 0, partitions: 0, ends: 0 });
  for (const letter of ["a", "b", "c"]) await place.produce(await place.topic(3, `${prefix}-${letter}`), 0, ["x"]);
  expect(await probe.ask({ ...question, id: `${prefix} later` })).toMatchObject({ lagRecords: 2, partitions: 6, ends: 2 });
});

test("a topic that is not there is said by name", async () => {
  const answer = await probe.ask(questionOf({ topics: ["no-such-topic"] }));
  expect(answer).toEqual({
    id: answer.id,
    error: expect.stringMatching(/^kafka topic "no-such-topic": not found on .*Create it/),
  });
});

test("two questions at once are answered each, a slow one not in the way of a quick one", async () => {
  await using deaf = await deafBroker();
  const topic = await place.topic();
  await using hasty = new ProbeProcess(2);
  const slow = questionOf({ topics: [topic] }, { connection: { brokers: [deaf.address] } });
  const quick = questionOf({ topics: [topic] });
  const beganMs = Date.now();
  const order: string[] = [];
  const note = <T extends { readonly id: string }>(answer: T): T => (order.push(answer.id), answer);
  const answers = await Promise.all([hasty.ask(slow).then(note), hasty.ask(quick).then(note)]);
  expect(answers).toMatchObject([{ error: expect.stringContaining("no answer within 2 s") }, { lagRecords: 0 }]);
  expect(order).toEqual([quick.id, slow.id]);
  expect(Date.now() - beganMs).toBeLessThan(10_000);
});

test("brokers that are down are said, and that they are", async () => {
  const [port] = await freePorts(1);
  const answer = await probe.ask(questionOf({ topics: ["orders"] }, { connection: { brokers: [`127.0.0.1:${port}`] } }));
  expect(answer).toMatchObject({ error: expect.stringContaining(`connect ECONNREFUSED 127.0.0.1:${port}`) });
});

test("a connection with TLS and SASL is probed with the secrets that came along, and a wrong one is told without it", async () => {
  const topic = await place.topic();
  await place.produce(topic, 0, ["a"]);
  const connection: KafkaConnection = {
    brokers: [secure.sasl],
    tls: { caFrom: { configMap: "tls", key: "ca" } },
    sasl: {
      scram: {
        mechanism: "SCRAM-SHA-512",
        usernameFrom: { secret: "user", key: "name" },
        passwordFrom: { secret: "user", key: "password" },
      },
    },
  };
  const files = {
    "configMap/tls/ca": base64(secure.certificates.ca),
    "secret/user/name": base64(`${secure.username}\n`),
    "secret/user/password": base64(`${secure.password}\n`),
  };
  const right = questionOf({ topics: [topic] }, { connection, files });
  expect(await probe.ask(right)).toMatchObject({ lagRecords: 1 });
  const wrong = { ...right, id: "wrong", files: { ...files, "secret/user/password": base64("wr0ng-s3cret") } };
  expect(await probe.ask(wrong)).toMatchObject({ error: expect.stringContaining("refused the sign-in with SASL SCRAM-SHA-512") });
  // What was rotated is used at once, in both directions.
  expect(await probe.ask({ ...right, id: "right again" })).toMatchObject({ lagRecords: 1 });
  const { ["secret/user/password"]: _, ...missing } = files;
  expect(await probe.ask({ ...right, id: "missing", files: missing })).toMatchObject({
    error: "secret user, key password: it is not there",
  });
  for (const secret of ["wr0ng-s3cret", secure.password, base64("wr0ng-s3cret"), base64(`${secure.password}\n`)])
    expect(probe.output).not.toContain(secret);
});

test.each([
  { awsMskIam: { region: "eu-central-1" } },
  { oauthBearer: { tokenFile: { path: "/var/run/secrets/kubernetes.io/serviceaccount/token" } } },
])("credentials of the operator's own pod are never offered to a Connection's brokers: %j", async (sasl) => {
  await using deaf = await deafBroker();
  const answer = await probe.ask(questionOf({ topics: ["orders"] }, { connection: { brokers: [deaf.address], sasl } }));
  expect(answer).toMatchObject({ error: expect.stringContaining("Set scaling.min to 1") });
  expect(deaf.connections).toBe(0);
});

test("what is no question is passed over, and one that lacks a part is told so", async () => {
  probe.say("no json");
  probe.say(JSON.stringify({ noId: true }));
  probe.say("");
  probe.say(JSON.stringify({ id: "partial", pipeline: { namespace: "shop", name: "orders" } }));
  expect(await probe.answer("partial")).toEqual({ id: "partial", error: "probe: a question needs source and connection" });
  probe.say(JSON.stringify({ ...questionOf({}), id: "files", source: { files: { paths: ["a"] } } }));
  expect(await probe.answer("files")).toMatchObject({ error: expect.stringContaining("only a source.kafka can be probed") });
});

test("it ends when its input does, with what it was asked before answered", async () => {
  const ending = new ProbeProcess(15);
  const question = questionOf({ topics: [await place.topic()] });
  const answer = ending.ask(question);
  await ending[Symbol.asyncDispose]();
  expect(await answer).toMatchObject({ lagRecords: 0 });
  expect(await ending.exited).toEqual([0, null]);
});

test("a line without an end is not kept for ever", async () => {
  const flooded = new ProbeProcess(15);
  flooded.say("x".repeat(questionBytesMax + 1));
  expect((await flooded.exited)[0]).toBe(1);
});

/** A port that takes connections and never says a word. */
async function deafBroker(): Promise<AsyncDisposable & { readonly address: string; readonly connections: number }> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
