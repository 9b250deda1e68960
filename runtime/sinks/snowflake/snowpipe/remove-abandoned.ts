import type { SnowflakeSession } from "../../../snowflake/session.ts";
import type { SinkSetup } from "../sink-setup.ts";
import { readPending } from "./pending.ts";
import { folderOf, stageFolder } from "./pipe-place.ts";

/** Between putting a file and noting it beside the positions there are two statements, whose deadlines are minutes. */
const abandonedAfterMs = 24 * 3_600_000;
/** Files that are removed at a start; the next start goes on. Each takes a statement. */
const filesMax = 50;

/** Removes files that were put but never noted, because their owner ended in between: no pipe will be given them. */
export async function removeAbandoned(session: SnowflakeSession, { names, context }: SinkSetup): Promise<void> {
  const { columns, rows } = await session.execute(`LIST @${names.stage.sql}/${stageFolder}`);
  const at = (name: string): number => columns.findIndex((column) => column.toLowerCase() === name);
  const [name, modified] = [at("name"), at("last_modified")];
  const old = rows
    .filter((row) => Date.parse(row[modified] ?? "") < context.now() - abandonedAfterMs)
    .map((row) => row[name] ?? "")
    // LIST puts the stage's name in front of the path.
    .map((path) => path.slice(Math.max(path.indexOf(`/${stageFolder}`) + 1, 0)));
  if (old.length === 0) return;
  const noted = await session.execute(`SELECT "STATE" FROM ${names.positions.sql} WHERE "STATE" IS NOT NULL`);
  const pending = new Set(noted.rows.map(([state = null]) => readPending(state)?.pending.file));
  const abandoned = old.filter((file) => file.startsWith(stageFolder) && !pending.has(file)).slice(0, filesMax);
  for (const file of abandoned) await session.execute(`REMOVE @${names.stage.sql}/${folderOf(file)}`);
  if (abandoned.length > 0) context.log.info({ files: abandoned.length }, "removed staged files that nobody noted");
}
