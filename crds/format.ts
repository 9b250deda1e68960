import { connectionName } from "./connection-name.ts";
import { boolean, choice, list, map, object, oneOf, optional, type Static, string, withDefault } from "./schema.ts";

/** Columns by name, with DuckDB types. A cluster keeps no order of them. */
export const columns = columnsWith("");

function columnsWith(remark: string) {
  return map(
    `Columns by name, each with its DuckDB type: \`VARCHAR\`, \`BIGINT\`, \`DECIMAL(18,2)\`, \`TIMESTAMP\`, \`STRUCT(id VARCHAR)\`, \`VARCHAR[]\`, \`JSON\` …${remark}`,
    string("DuckDB type.", { minLength: 1, maxLength: 4000 }),
    { minProperties: 1, maxProperties: 2000 },
  );
}

const json = object("One JSON value a record.", {
  columns: optional(columnsWith(" Without it there is one column, `value JSON`.")),
});

const avro = object(
  "Avro: with `registry` in Confluent's wire format (magic byte, schema id), with `schema` alone as bare Avro binary.",
  {
    schema: optional(
      string("Avro schema as JSON. With `registry` it is the reader's schema, which records are resolved to.", {
        minLength: 1,
        maxLength: 262_144,
      }),
    ),
    registry: optional(object("Where writers' schemas are.", { connection: connectionName("schemaRegistry") })),
    columns: optional(columnsWith(" Default: all fields of `schema`.")),
  },
  [
    { rule: "has(self.schema) || has(self.registry)", message: "set schema, or registry, or both" },
    {
      rule: "has(self.schema) || has(self.columns)",
      message: "with registry alone, columns says which fields to take: set columns, or schema",
    },
  ],
);

const csv = object(
  "Comma-separated values (RFC 4180).",
  {
    columns,
    fields: optional(
      list(
        "Names of the fields in their order, for records without a header line. A field that is no column is passed over.",
        string("Column name.", { minLength: 1, maxLength: 255 }),
        { minItems: 1, maxItems: 2000 },
      ),
    ),
    delimiter: withDefault(
      string("Character between fields.", {
        maxLength: 1,
        matches: { pattern: "^[\\t !#-~]$", message: "must be one ASCII character other than a double quote" },
      }),
      ",",
    ),
    header: withDefault(
      boolean("The first line of each file names its fields, in any order. Has no meaning in Kafka, where `fields` does it."),
      true,
    ),
    nullText: withDefault(string("An unquoted field with this text is NULL."), ""),
  },
  [
    {
      rule: "self.header || has(self.fields)",
      message: "without a header line set fields to the columns' names in the order of the fields",
    },
  ],
);

const raw = object("The record as it is, in one column `value`.", {
  as: withDefault(choice("`text` makes `value VARCHAR` (UTF-8), `bytes` makes `value BLOB`.", "text", "bytes"), "text"),
});

export const format = oneOf("How a record is written.", { json, avro, csv, raw });
export type Format = Static<typeof format>;

const parquet = object("Apache Parquet.", { columns });

export const fileFormat = oneOf("How a file is written. `json` is JSON lines.", { json, csv, parquet, raw });
export type FileFormat = Static<typeof fileFormat>;
