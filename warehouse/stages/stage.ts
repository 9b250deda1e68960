import type { ObjectName } from "../engine/object-name.ts";
import type { Shelved } from "./object-shelf.ts";

/** A named stage as CREATE STAGE made it. */
export interface Stage extends Shelved {
  /** `s3://bucket/path/` of an external stage; null for an internal one. */
  readonly url: string | null;
  /** Options of its FILE_FORMAT by upper-case names, as texts; lists are JSON. */
  readonly format: readonly (readonly [name: string, value: string | readonly string[]])[];
  readonly comment: string;
  readonly createdMs: number;
  readonly owner: string;
}

/** A place that files are in: what is behind `@stage/path`, `@%table/path`, `@~/path` or `s3://bucket/path`. */
export interface StageLocation {
  readonly kind: "named" | "table" | "user" | "external";
  /** Name of the storage bucket that holds its files; for load metadata it stands for the stage. */
  readonly bucket: string;
  /** Path in the bucket where the stage begins: empty, or ends with a slash. Only external stages have one. */
  readonly base: string;
  /** Path within the stage as the statement has it, without a slash at its beginning. Files are found by this prefix. */
  readonly path: string;
  /** Written before a file's path in the bucket where LIST and COPY show it: `mystage/`, `s3://bucket/` or nothing. */
  readonly label: string;
  /** As COPY_HISTORY shows it. */
  readonly shown: string;
  readonly stage: Stage | null;
}

/** A file in a bucket. */
export interface StageFile {
  /** Path in the bucket. */
  readonly path: string;
  /** Where it is on this machine's disk. */
  readonly file: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** A named file format. */
export interface NamedFormat extends Shelved {
  readonly options: readonly (readonly [name: string, value: string | readonly string[]])[];
  readonly comment: string;
  readonly createdMs: number;
  readonly owner: string;
}

/** A name of a stage or format: what is not said comes from the session. */
export interface PartialName {
  readonly parts: readonly string[];
  readonly database: string | null;
  readonly schema: string | null;
}

/** Completes a name by the session's database and schema; null where one of them is needed and not set. */
export function wholeName({ parts, database, schema }: PartialName): ObjectName | null {
  const [name, schemaName = schema, databaseName = database] = parts.toReversed();
  if (name === undefined || schemaName === null || databaseName === null || parts.length > 3) return null;
  return { database: databaseName, schema: schemaName, name };
}
