import { columns } from "../format.ts";
import { choice, exactlyOne, integer, map, object, optional, type Static, string, withDefault } from "../schema.ts";
import { httpUrl } from "../url.ts";

const fileType = optional(choice("How it is written. Default: by the ending of the path.", "json", "csv", "parquet"));

const lookup = object(
  "A table to join with, read whole and kept in memory. A refresh that fails keeps what was there.",
  {
    refreshSeconds: withDefault(integer("Read it again this often. 0: only at the start.", { minimum: 0, maximum: 86_400 }), 0),
    file: optional(
      object("A CSV, JSON (array or lines) or Parquet file; relative to the manifest's folder.", {
        path: string("Path.", { minLength: 1 }),
        type: fileType,
        columns,
      }),
    ),
    http: optional(
      object("A CSV, JSON (array or lines) or Parquet file over HTTP.", {
        url: httpUrl("URL."),
        type: fileType,
        columns,
      }),
    ),
  },
  [exactlyOne(["file", "http"])],
);
export type Lookup = Static<typeof lookup>;

export const pipelineTransform = object("One SQL statement (DuckDB's dialect) over `source` and the lookups.", {
  sql: withDefault(
    string(
      "A SELECT. It runs on each batch of records: `source` has the declared columns and, when named, `_topic`, `_partition`, `_offset`, `_timestamp`, `_key`, `_headers`.",
      { minLength: 1, maxLength: 100_000 },
    ),
    "SELECT * FROM source",
  ),
  lookups: optional(map("Tables to join with, by name.", lookup, { maxProperties: 32 })),
});
export type PipelineTransform = Static<typeof pipelineTransform>;
