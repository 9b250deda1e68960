import { quotedName } from "../../../snowflake/identifiers.ts";
import { stageParts } from "../privileges.ts";
import type { SinkSetup } from "../sink-setup.ts";
import type { Pending } from "./pending.ts";

/** Folder of the internal stage that this way of loading uses. */
export const stageFolder = "snowpipe/";

/** Where a pipe gets its files. */
export interface PipeSource {
  /** The stage as COPY names it, with the folder for auto-ingest: `@"DB"."PUBLIC"."STAGE"`. */
  readonly location: string;
  readonly into: Pending["into"];
}

/** Where the pipeline's pipe reads: the internal stage, or the owner's. There the files are below `snowline/<namespace>/<name>/`. */
export function pipeSource({ spec, names, tag }: Pick<SinkSetup, "spec" | "names" | "tag">): PipeSource {
  const { stage, autoIngest } = spec.load.snowpipe!;
  if (stage === undefined) return { location: `@${names.stage.sql}`, into: null };
  const sql = stageParts(stage, spec).map(quotedName).join(".");
  const folder = `snowline/${tag.namespace}/${tag.pipeline}/`;
  // insertFiles names files from the stage's root. Auto-ingest would load whatever lands in the stage, so it gets the folder.
  return { location: autoIngest ? `@${sql}/${folder}` : `@${sql}`, into: { stage: sql, folder, autoIngest } };
}

/** Path of a file of the internal stage in the stage that its pipe reads. */
export function pathForPipe({ file, into }: Pending): string {
  return into === null ? file : `${into.folder}${file.slice(stageFolder.length)}`;
}

/** The file's own folder, with its slash. */
export const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/") + 1);
