import type { DuckDBConnection } from "@duckdb/node-api";
import { literal, physicalName, quoted } from "../engine/physical-name.ts";
import type { ColumnDefinition, TableDefinition } from "../engine/table-definition.ts";
import { type RejectedRows, recordErrors } from "./error-rows.ts";
import { rowValue } from "./row-value.ts";

/** Rows of one append, read and not yet checked. */
const stagedTable = "temp.main.streaming_staged";
/** With each column's value, and which column does not fit. */
const checkedTable = "temp.main.streaming_checked";

/** Numbers of Snowflake's errors: JSON that is none, a value that does not fit, NULL in a NOT NULL column. */
const codes = { json: 100069, value: 100038, required: 100072 } as const;

/** One append, and where it goes. */
export interface LoadOptions {
  readonly table: TableDefinition;
  readonly mapping: readonly { readonly member: string; readonly column: string }[] | null;
  /** Newline-delimited JSON. */
  readonly lines: string;
  /** So many rows are rejected though they fit. */
  readonly rejectsForced: number;
  readonly errors: Omit<RejectedRows, "rows" | "tableId">;
}

/** What became of the rows. */
export interface Loaded {
  readonly parsed: number;
  readonly inserted: number;
  /** Of the first row that was rejected, without its values; null where none was. */
  readonly message: string | null;
}

/**
 * Loads the rows that fit into the table, in the transaction of the connection; rows that do not are left out, and recorded where
 * the table has ERROR_LOGGING. A number with a fraction has a double's precision, as DuckDB reads JSON; Snowflake's is exact. Members without a column are passed over; columns without a member get NULL, whatever their default.
 */
export async function loadRows(connection: DuckDBConnection, options: LoadOptions): Promise<Loaded> {
  const { table } = options;
  await stageRows(connection, options.lines);
  const fields = fieldsOf(table, options.mapping ?? (await matched(connection, table)));
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${checkedTable} AS ${checkedQuery(fields, options.rejectsForced)}`);
  const names = fields.map(({ column }) => quoted(column.name)).join(", ");
  const values = fields.map((_, index) => `v${index}`).join(", ");
  const inserted =
    fields.length === 0
      ? { rowsChanged: 0 }
      : await connection.run(
          `INSERT INTO ${physicalName(table)} (${names}) SELECT ${values} FROM ${checkedTable} WHERE fault IS NULL ORDER BY place`,
        );
  const rejects = rejectsQuery(fields);
  const told = await connection.runAndReadAll(
    `SELECT (SELECT count(*) FROM ${checkedTable}), (SELECT message FROM (${rejects}) ORDER BY place LIMIT 1)`,
  );
  const [parsed, message] = told.getRowsJS()[0] as [bigint, string | null];
  if (message !== null && table.errorLogging)
    await recordErrors(connection, { ...options.errors, tableId: table.id, rows: rejects });
  for (const name of [stagedTable, checkedTable]) await connection.run(`DROP TABLE ${name}`);
  return { parsed: Number(parsed), inserted: inserted.rowsChanged, message };
}

/** In what rows do not fit a table that may evolve. */
export interface Misfits {
  /** Members that no column has the name of, in upper case, with the kinds of their values as `json_type` calls them. */
  readonly members: ReadonlyMap<string, ReadonlySet<string>>;
  /** NOT NULL columns that some row has no value for. */
  readonly lacking: ReadonlySet<string>;
}

/** Looks in what rows do not fit the table. */
export async function misfits(connection: DuckDBConnection, table: TableDefinition, lines: string): Promise<Misfits> {
  await stageRows(connection, lines);
  const found = await connection.runAndReadAll(
    `SELECT member, json_type(doc, '/' || replace(replace(member, '~', '~0'), '/', '~1')) AS kind, count(*)
     FROM (SELECT doc, unnest(json_keys(doc)) AS member FROM ${stagedTable} WHERE doc IS NOT NULL) GROUP BY ALL`,
  );
  const total = await connection.runAndReadAll(`SELECT count(doc) FROM ${stagedTable}`);
  await connection.run(`DROP TABLE ${stagedTable}`);
  const columns = new Map(table.columns.map((column) => [column.name.toUpperCase(), column]));
  const members = new Map<string, Set<string>>();
  const values = new Map<string, number>();
  for (const [member, kind, count] of found.getRowsJS() as [string, string | null, bigint][]) {
    const name = member.toUpperCase();
    const isValue = kind !== null && kind !== "NULL";
    if (isValue) values.set(name, (values.get(name) ?? 0) + Number(count));
    if (columns.has(name)) continue;
    const kinds = members.get(name) ?? new Set<string>();
    members.set(name, isValue ? kinds.add(kind) : kinds);
  }
  const rows = Number(total.getRowsJS()[0]![0]);
  const lacking = [...columns].filter(([name, { nullable }]) => !nullable && (values.get(name) ?? 0) < rows);
  return { members, lacking: new Set(lacking.map(([, { name }]) => name)) };
}

async function stageRows(connection: DuckDBConnection, lines: string): Promise<void> {
  const split = `SELECT rtrim(unnest(string_split($lines, chr(10))), chr(13)) AS line`;
  const numbered = `SELECT line, row_number() OVER () AS place FROM (${split}) WHERE line <> ''`;
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${stagedTable} AS SELECT place, line, CASE WHEN json_valid(line) AND json_type(line) = 'OBJECT' THEN line::JSON END AS doc FROM (${numbered})`,
    { lines },
  );
}

interface Field {
  readonly column: ColumnDefinition;
  /** Members that the column's value may be in: the first that is there counts. */
  readonly members: readonly string[];
}

/** Members by the columns of their names; the case of letters does not matter. */
async function matched(
  connection: DuckDBConnection,
  table: TableDefinition,
): Promise<readonly { readonly member: string; readonly column: string }[]> {
  const found = await connection.runAndReadAll(
    `SELECT DISTINCT unnest(json_keys(doc)) AS member FROM ${stagedTable} WHERE doc IS NOT NULL ORDER BY 1`,
  );
  return (found.getRowsJS() as [string][]).flatMap(([member]) => {
    const column = table.columns.find(({ name }) => name.toUpperCase() === member.toUpperCase());
    return column === undefined ? [] : [{ member, column: column.name }];
  });
}

function fieldsOf(table: TableDefinition, mapping: NonNullable<LoadOptions["mapping"]>): readonly Field[] {
  return table.columns.map((column) => ({
    column,
    members: mapping.filter((one) => one.column === column.name).map(({ member }) => member),
  }));
}

function checkedQuery(fields: readonly Field[], rejectsForced: number): string {
  const pointers: string[] = [];
  const places = fields.map(({ members }) =>
    members.map((member) => pointers.push(literal(`/${member.replaceAll("~", "~0").replaceAll("/", "~1")}`))),
  );
  const among = (list: string, index: number) => {
    const found = places[index]!.map((place) => `${list}[${place}]`);
    return found.length > 1 ? `COALESCE(${found.join(", ")})` : found[0]!;
  };
  const all = `[${pointers.join(", ")}]`;
  const needsJson = fields.some(({ column: { type } }) => ["VARIANT", "OBJECT", "ARRAY"].includes(type.kind));
  const jsons = needsJson ? `json_extract(doc, ${all})` : "NULL::JSON[]";
  const isThere = (index: number): boolean => places[index]!.length > 0;
  const json = (index: number) => (isThere(index) ? `NULLIF(${among("jsons", index)}, 'null'::JSON)` : "NULL::JSON");
  const text = (index: number) => (isThere(index) ? among("texts", index) : "NULL::VARCHAR");
  const values = fields.map(({ column }, index) =>
    rowValue({ json: `j${index}`, text: `t${index}`, value: `v${index}` }, column.type),
  );
  const faults = fields.flatMap(({ column }, index) => [
    `WHEN ${values[index]!.bad} THEN ${index * 2}`,
    ...(column.nullable ? [] : [`WHEN v${index} IS NULL THEN ${index * 2 + 1}`]),
  ]);
  const forced = rejectsForced > 0 ? `WHEN place <= ${rejectsForced} THEN -2` : "";
  const list = (of: (index: number) => string) => fields.map((_, index) => of(index)).join(", ");
  // Each step names what the next one needs several times: DuckDB computes it once then.
  const lists =
    pointers.length === 0
      ? "NULL::JSON[] AS jsons, NULL::VARCHAR[] AS texts"
      : `${jsons} AS jsons, json_extract_string(doc, ${all}) AS texts`;
  const read = `SELECT place, line, doc IS NULL AS broken, ${lists} FROM ${stagedTable}`;
  const members = `SELECT place, line, broken, ${list((index) => `${json(index)} AS j${index}, ${text(index)} AS t${index}`)} FROM (${read})`;
  const cast = `SELECT *, ${list((index) => `${values[index]!.expression} AS v${index}`)} FROM (${members})`;
  return `SELECT place, line, ${list((index) => `v${index}`)}, CASE WHEN broken THEN -1 ${forced} ${faults.join(" ")} END AS fault FROM (${cast})`;
}

/** `place`, and what `recordErrors` takes. */
function rejectsQuery(fields: readonly Field[]): string {
  const cases = fields.flatMap(({ column }, index) => [
    { fault: index * 2, message: `Value is not recognized as ${column.type.kind}`, source: column.name, code: codes.value },
    {
      fault: index * 2 + 1,
      message: "NULL result in a non-nullable column",
      source: column.name,
      code: codes.required,
    },
  ]);
  const one = (of: (each: (typeof cases)[number]) => string, otherwise: string) =>
    `CASE fault ${cases.map((each) => `WHEN ${each.fault} THEN ${of(each)}`).join(" ")} ELSE ${otherwise} END`;
  const message = one((each) => literal(each.message), "'Error parsing JSON'");
  const source = one(({ source }) => literal(source), "NULL");
  const code = one(({ code }) => String(code), String(codes.json));
  return `SELECT place, line, ${message} AS message, ${source} AS source, ${code} AS code, CASE WHEN fault = -1 THEN 'json-invalid' ELSE 'json' END AS content FROM ${checkedTable} WHERE fault IS NOT NULL`;
}
