import { createHash } from "node:crypto";
import { identifier } from "../../../snowflake/identifiers.ts";
import { fileColumn, fileFormat } from "../file-columns.ts";
import { wholeName } from "../sink-names.ts";
import type { SinkSetup } from "../sink-setup.ts";
import type { StoredColumn } from "../table-plan.ts";
import { pipeSource } from "./pipe-place.ts";

/** The pipe of a pipeline and what makes it. */
export interface PipePlan {
  /** As SQL names it. */
  readonly pipe: string;
  /** The COPY that the pipe runs. */
  readonly copy: string;
  /** DDL that makes it, which may run twice; null where the manifest names it. */
  readonly create: string | null;
}

/** Hexadecimal digits of a pipe's digest: a pipeline has a handful of different COPY statements in its life. */
const digestCharacters = 8;

/**
 * Plans the pipe for these columns. Its name ends in a digest of its COPY, so that other columns get another pipe and a file keeps
 * the one it was given to: a pipe that is made anew has forgotten what it has loaded. Pure.
 */
export function planPipe(
  { spec, names, tag }: Pick<SinkSetup, "spec" | "names" | "tag">,
  stored: ReadonlyMap<string, StoredColumn>,
): PipePlan {
  const { location, into } = pipeSource({ spec, names, tag });
  const columns = [...stored].map(([name, column]) => fileColumn(name, column)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const copy =
    `COPY INTO ${names.table.sql} (${columns.map(({ name }) => name).join(", ")}) ` +
    `FROM (SELECT ${columns.map(({ value }) => value).join(", ")} FROM ${location}) FILE_FORMAT = ${fileFormat} ON_ERROR = SKIP_FILE`;
  const { pipe: given } = spec.load.snowpipe!;
  const { database, schema, name } = names.pipe;
  if (given !== undefined) return { pipe: wholeName(database, schema, identifier(given)).sql, copy, create: null };
  const digest = createHash("sha256").update(copy).digest("hex").slice(0, digestCharacters).toUpperCase();
  const pipe = wholeName(database, schema, `${name}_${digest}`).sql;
  const autoIngest = into?.autoIngest === true ? " AUTO_INGEST = TRUE" : "";
  return { pipe, copy, create: `CREATE PIPE IF NOT EXISTS ${pipe}${autoIngest} AS ${copy}` };
}
