import { boolean, choice, map, object, oneOf, optional, type Static, string, withDefault } from "./schema.ts";

/** Columns by name, with DuckDB types. The order is the order of the manifest. */
export const columns = map(
  "Columns by name, each with its DuckDB type: `VARCHAR`, `BIGINT`, `DECIMAL(18,2)`, `TIMESTAMP`, `STRUCT(id VARCHAR)`, `VARCHAR[]`, `JSON` …",
  string("DuckDB type.", { minLength: 1, maxLength: 4000 }),
  { minProperties: 1, maxProperties: 2000 },
);

const json = object("One JSON value a record.", {
  columns: optional({ json: { ...columns.json, description: `${columns.json.description} Without it there is one column, \`value JSON\`.` } } as typeof columns),
});

const avro = object(
  "Avro: with `registry` in Confluent's wire format (magic byte, schema id), with `schema` alone as bare Avro binary.",
  {
    schema: optional(string("Avro schema as JSON. With `registry` it is the reader's schema, which records are resolved to.", { minLength: 1 })),
    registry: optional(
      object("Where writers' schemas are.", { connection: string("Name of the Connection with `schemaRegistry`.", { minLength: 1 }) }),
    ),
    columns: optional({ json: { ...columns.json, description: "Columns to take from the record. Default: all fields of `schema`." } } as typeof columns),
  },
  [
    { rule: "has(self.schema) || has(self.registry)", message: "set schema, or registry, or both" },
    { rule: "has(self.schema) || has(self.columns)", message: "with registry alone, columns says which fields to take: set columns, or schema" },
  ],
);

const csv = object("Comma-separated values (RFC 4180).", {
  columns,
  delimiter: withDefault(string("One character between fields.", { pattern: "^[^\"\\n\\r]$" }), ","),
  header: withDefault(
    boolean("The first line of each file names its columns, in any order. Without it, and in Kafka, fields are taken in the order of `columns`."),
    true,
  ),
  nullText: withDefault(string("An unquoted field with this text is NULL."), ""),
});

const raw = object("The record as it is, in one column `value`.", {
  as: withDefault(choice("`text` makes `value VARCHAR` (UTF-8), `bytes` makes `value BLOB`.", "text", "bytes"), "text"),
});

export const format = oneOf("How a record is written.", { json, avro, csv, raw });
export type Format = Static<typeof format>;

const parquet = object("Apache Parquet.", { columns });

export const fileFormat = oneOf("How a file is written. `json` is JSON lines.", { json, csv, parquet, raw });
export type FileFormat = Static<typeof fileFormat>;
