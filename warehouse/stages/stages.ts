import { randomBytes } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Access, signAccess, verifyAccess } from "./access-token.ts";
import { Buckets } from "./buckets.ts";
import { ObjectShelf } from "./object-shelf.ts";
import type { NamedFormat, Stage } from "./stage.ts";

/** Whose storage endpoints PUT and GET are sent to. */
export type StorageKind = "GCS" | "AZURE";

/** What the account's stages are made of. */
export interface StagesOptions {
  /** Holds the files: `<directory>/<bucket>/<path>`. A file put at `<directory>/s3.mybucket/a/b.csv` is `s3://mybucket/a/b.csv`. */
  readonly directory: string;
  /** For the definitions; stays the caller's to close. */
  readonly connection: DuckDBConnection;
  readonly storage: StorageKind;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Tells of a file that has just been put into a bucket. */
export type FileListener = (bucket: string, path: string) => void;

/** A storage token is good for so long, as Snowflake's are. */
const accessMs = 3600 * 1000;

/** The account's stages and file formats, and the files in them. */
export class Stages {
  readonly storage: StorageKind;
  readonly buckets: Buckets;
  readonly definitions: ObjectShelf<Stage>;
  readonly formats: ObjectShelf<NamedFormat>;
  readonly #now: () => number;
  readonly #key = randomBytes(32);
  readonly #listeners = new Set<FileListener>();

  private constructor(options: StagesOptions, definitions: ObjectShelf<Stage>, formats: ObjectShelf<NamedFormat>) {
    this.storage = options.storage;
    this.buckets = new Buckets(options.directory, () => options.now());
    this.#now = () => options.now();
    this.definitions = definitions;
    this.formats = formats;
  }

  static async open(options: StagesOptions): Promise<Stages> {
    const { connection } = options;
    await Buckets.clean(options.directory);
    const definitions = await ObjectShelf.open<Stage>({ connection, kind: "stage" });
    const formats = await ObjectShelf.open<NamedFormat>({ connection, kind: "file format" });
    return new Stages(options, definitions, formats);
  }

  /** A token for the storage endpoints. */
  grant(access: Omit<Access, "expiresMs">): string {
    return signAccess({ ...access, expiresMs: this.#now() + accessMs }, this.#key);
  }

  /** What a token allows; null where it is none of ours or has expired. */
  allowed(token: string): Access | null {
    return verifyAccess(token, this.#key, this.#now());
  }

  /** Calls the listener for each file that arrives from now on. The answer ends that. */
  listen(listener: FileListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Says that a file has arrived: the storage endpoints and unloads do, and tests that put files into a bucket themselves. */
  arrived(bucket: string, path: string): void {
    for (const listener of this.#listeners) listener(bucket, path);
  }

  /** Drops a stage with its files; an external one keeps them. */
  async drop(stage: Stage): Promise<void> {
    await this.definitions.remove(stage);
    if (stage.url === null) await this.buckets.drop(`stage.${stage.id}`);
  }

  /** Drops the files of a table's own stage. */
  async dropTableStage(tableId: number): Promise<void> {
    await this.buckets.drop(`table.${tableId}`);
  }

  /** Drops the temporary stages and formats of a session that ends. */
  async endSession(sessionId: number): Promise<void> {
    for (const stage of this.definitions.list(sessionId)) if (stage.sessionId === sessionId) await this.drop(stage);
    for (const format of this.formats.list(sessionId)) if (format.sessionId === sessionId) await this.formats.remove(format);
  }

  /** Drops all that is in a schema, or in a database where `schema` is null. */
  async dropSchema(database: string, schema: string | null): Promise<void> {
    const inside = (object: Stage | NamedFormat): boolean =>
      object.name.database === database && (schema === null || object.name.schema === schema);
    for (const stage of this.definitions.list(null)) if (inside(stage)) await this.drop(stage);
    for (const format of this.formats.list(null)) if (inside(format)) await this.formats.remove(format);
  }
}
