import { load } from "../load.ts";
import { choice, object, oneOf, set, type Static, string, withDefault } from "../schema.ts";

/** How rows meet the rows that are there. */
const mode = withDefault(
  oneOf("How rows meet the rows that are there.", {
    append: object("Every row is added.", {}),
    upsert: object("A row replaces the row with the same key. Inside a batch the latest record wins.", {
      key: set(
        "Columns of the key. A row whose key is NULL is rejected.",
        string("Column name.", { minLength: 1, maxLength: 255 }),
        {
          minItems: 1,
          maxItems: 16,
        },
      ),
    }),
  }),
  { append: {} },
);

/** What may happen to the table when the rows do not fit it. */
export const schemaEvolution = withDefault(
  choice(
    "What may happen to a table that lacks a column or whose column is too narrow: `none` refuses, `addColumns` adds columns (always nullable), `widen` also widens types.",
    "none",
    "addColumns",
    "widen",
  ),
  "none",
);
export type SchemaEvolution = Static<typeof schemaEvolution>;

export const duckdbSink = object("A table in a DuckDB database file: the embedded warehouse, no account and no network.", {
  path: string("Database file; relative to the manifest's folder. It is created if absent.", { minLength: 1 }),
  schema: withDefault(string("Schema. It is created if absent.", { minLength: 1 }), "main"),
  table: string("Table. It is created if absent, from the columns of the SQL.", { minLength: 1 }),
  mode,
  schemaEvolution,
  load,
});
export type DuckdbSink = Static<typeof duckdbSink>;
