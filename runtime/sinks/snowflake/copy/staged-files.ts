import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import type { SnowflakeSession } from "../../../snowflake/session.ts";
import type { SinkSetup } from "../sink-setup.ts";
import { stageFolder } from "../snowpipe/pipe-place.ts";

/** A file in the stage. */
export interface StagedFile {
  /** `@"DB"."PUBLIC"."STAGE"/owner/id/` */
  readonly folder: string;
  readonly file: string;
}

/** No write of any owner lasts this long (putting, loading and merging have deadlines of minutes), so that what is older is nobody's. */
const abandonedAfterMs = 6 * 3_600_000;
/** Owners whose files are removed at a start; the next start goes on. Each takes a statement. */
const ownersMax = 50;

/** Puts a file into the stage under a name that it has never had: Snowflake loads a name into a table once. */
export async function stageFile(session: SnowflakeSession, { names, owner }: SinkSetup, path: string): Promise<StagedFile> {
  const folder = `@${names.stage.sql}/${owner}/${randomUUID()}`;
  await session.put(path, folder);
  return { folder: `${folder}/`, file: basename(path) };
}

/** Removes what owners that are long gone have left in the stage, when they ended between putting a file and loading it. */
export async function removeAbandoned(session: SnowflakeSession, { names, owner, context }: SinkSetup): Promise<void> {
  const { columns, rows } = await session.execute(`LIST @${names.stage.sql}`);
  const at = (name: string): number => columns.findIndex((column) => column.toLowerCase() === name);
  const [name, modified] = [at("name"), at("last_modified")];
  const newest = new Map<string, number>();
  for (const row of rows) {
    const of = row[name]?.split("/").at(-3);
    // Files of load.snowpipe are on their way for as long as their pipe takes.
    if (of === undefined || of === owner || `${of}/` === stageFolder) continue;
    newest.set(of, Math.max(newest.get(of) ?? 0, Date.parse(row[modified] ?? "")));
  }
  const gone = [...newest].filter(([, ms]) => ms < context.now() - abandonedAfterMs).slice(0, ownersMax);
  for (const [of] of gone) await session.execute(`REMOVE @${names.stage.sql}/${of}/`);
  if (gone.length > 0) context.log.info({ owners: gone.length }, "removed staged files of owners that are gone");
}
