import { load } from "../load.ts";
import { mode, schemaEvolution } from "../table-rules.ts";
import { object, type Static, string, withDefault } from "../schema.ts";

export const duckdbSink = object("A table in a DuckDB database file: the embedded warehouse, no account and no network.", {
  path: string("Database file; relative to the manifest's folder. It is created if absent.", { minLength: 1 }),
  schema: withDefault(string("Schema. It is created if absent.", { minLength: 1 }), "main"),
  table: string("Table. It is created if absent, from the columns of the SQL.", { minLength: 1 }),
  mode,
  schemaEvolution,
  load,
});
export type DuckdbSink = Static<typeof duckdbSink>;
