/** A Pipeline as an owner writes it, in YAML; the parts that a test is about are given. */
export function pipelineYaml(
  name: string,
  parts: Readonly<Partial<Record<"source" | "sql" | "sink" | "more", string>>> = {},
): string {
  return `
apiVersion: snowline.dev/v1alpha1
kind: Pipeline
metadata: { name: ${name} }
spec:
  source: ${parts.source ?? kafkaOf("events")}
  transform:
    sql: |
      ${(parts.sql ?? "SELECT id, amount FROM source").split("\n").join("\n      ")}
  sink: ${parts.sink ?? "{ duckdb: { path: orders.duckdb, table: orders } }"}
  ${parts.more ?? ""}
`;
}

/** Orders of a Connection's cluster. */
export const kafkaOf = (connection: string, columns = "{ id: VARCHAR, amount: 'DECIMAL(18,2)', status: VARCHAR }"): string =>
  `{ kafka: { connection: ${connection}, topics: [orders], format: { json: { columns: ${columns} } } } }`;
const streaming = "{ snowflake: { connection: warehouse, database: A, table: B, load: { streaming: {} } } }";

/** Ten mistakes, and what kubectl has to say of each: the field, and what to do. */
export const wrongPipelines: readonly { readonly what: string; readonly yaml: string; readonly says: RegExp }[] = [
  {
    what: "a misspelt column",
    yaml: pipelineYaml("a", { sql: "SELECT id,\n  amuont * 2 AS doubled\nFROM source" }),
    says: /spec\.transform\.sql: .*line 2, column 3: there is no column amuont; did you mean amount\?/,
  },
  {
    what: "SQL that does not parse",
    yaml: pipelineYaml("b", { sql: "SELECT id FORM source" }),
    says: /spec\.transform\.sql: .*line 1, column 16: syntax error at or near "source": correct the SQL there/,
  },
  {
    what: "SQL that writes",
    yaml: pipelineYaml("c", { sql: "DELETE FROM source" }),
    says: /spec\.transform\.sql: .*only a SELECT is possible/,
  },
  {
    what: "SQL that reaches outside",
    yaml: pipelineYaml("d", { sql: "SELECT * FROM read_csv('/etc/passwd'), source" }),
    says: /spec\.transform\.sql: .*read_csv/,
  },
  {
    what: "a type that there is not",
    yaml: pipelineYaml("e", { source: kafkaOf("events", "{ id: VARCHA }"), sql: "SELECT id FROM source" }),
    says: /spec\.source\.kafka\.format\.json\.columns\.id: .*did you mean VARCHAR\?/,
  },
  {
    what: "a key that does not come out",
    yaml: pipelineYaml("f", { sink: "{ duckdb: { path: a.duckdb, table: a, mode: { upsert: { key: [order_id] } } } }" }),
    says: /spec\.sink\.duckdb\.mode\.upsert\.key: .*order_id does not come out of the SQL: select it/,
  },
  {
    what: "SQL per batch where each row has to come from a record",
    yaml: pipelineYaml("g", { sql: "SELECT count(*) AS n FROM source", sink: streaming }),
    says: /spec\.transform\.sql: .*aggregates/,
  },
  {
    what: "a Connection to another kind of system",
    yaml: pipelineYaml("h", { source: kafkaOf("warehouse") }),
    says: /spec\.source\.kafka\.connection: .*"warehouse" is a Connection without kafka: name one with kafka/,
  },
  {
    what: "two sinks",
    yaml: pipelineYaml("i", { sink: "{ duckdb: { path: a.duckdb, table: a }, files: { directory: out } }" }),
    says: /spec\.sink: .*set exactly one of: duckdb, files, snowflake/,
  },
  {
    what: "two ways to scale",
    yaml: pipelineYaml("j", { more: "replicas: 2\n  scaling: { max: 4 }" }),
    says: /spec: .*replicas and scaling exclude each other: remove replicas to let Snowline scale/,
  },
];
