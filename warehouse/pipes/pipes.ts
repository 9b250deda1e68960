import assert from "node:assert";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { LoadedFile } from "../copy/copy-history.ts";
import { ObjectShelf } from "../stages/object-shelf.ts";
import type { Pipe, PipeFile } from "./pipe.ts";
import { PipeQueue } from "./pipe-queue.ts";
import { PipeReports } from "./pipe-reports.ts";

/** What the account's pipes are made of. */
export interface PipesOptions {
  /** For definitions and files that wait; stays the caller's to close. */
  readonly connection: DuckDBConnection;
  /** Milliseconds from a file's arrival to its load. */
  readonly delayMs: number;
}

/** What a pipe's load is about. */
export interface PipeLoad {
  readonly pipe: Pipe;
  readonly files: readonly PipeFile[];
  readonly signal: AbortSignal;
  /** Loads that fail for another reason than their files are tried so often. */
  readonly attemptsMax: number;
}

/** What pipes need of the account that they are of. */
export interface PipeLoader {
  /** Milliseconds since the epoch. */
  now(): number;
  /** What became of the files, without those that the table has already; "stopped" where the signal ended it. */
  load(load: PipeLoad): Promise<readonly LoadedFile[] | "stopped">;
  /** Whether a file of a bucket is in the place that the pipe reads. */
  isSource(pipe: Pipe, bucket: string, path: string): boolean;
  /** Calls the listener for each file that arrives in a bucket. The answer ends that. */
  listen(listener: (bucket: string, path: string) => void): () => void;
}

/** Loads that fail for another reason than their files are tried so often. */
const attemptsMax = 5;
/** Files of one load: what is reported waits for all of them. */
const filesMax = 100;

/**
 * The account's pipes. Files that a pipe is told of are loaded one after the other by the pipe itself, `delayMs` later and in no
 * session of a client; those that wait outlive the server.
 */
export class Pipes {
  readonly definitions: ObjectShelf<Pipe>;
  readonly reports = new PipeReports();
  /** Milliseconds from a file's arrival to its load; tests change it. */
  delayMs: number;
  readonly #queue: PipeQueue;
  readonly #running = new Map<number, Promise<void>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #end = new AbortController();
  #loader: PipeLoader | null = null;
  #stopListening: () => void = () => undefined;

  private constructor(options: PipesOptions, definitions: ObjectShelf<Pipe>, queue: PipeQueue) {
    this.definitions = definitions;
    this.delayMs = options.delayMs;
    this.#queue = queue;
  }

  static async open(options: PipesOptions): Promise<Pipes> {
    const { connection } = options;
    const definitions = await ObjectShelf.open<Pipe>({ connection, kind: "pipe" });
    return new Pipes(options, definitions, await PipeQueue.open(connection));
  }

  /** Goes on with what waits, and from now on gives files that land in an external stage to the pipes with AUTO_INGEST. */
  start(loader: PipeLoader): void {
    this.#loader = loader;
    this.#stopListening = loader.listen((bucket, path) => this.#landed(bucket, path));
    for (const pipe of this.definitions.list(null)) this.#later(pipe);
  }

  /** Stops loading and waits for what runs. */
  async close(): Promise<void> {
    this.#stopListening();
    this.#end.abort(new Error("the server stops"));
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all(this.#running.values());
  }

  /** Tells a pipe of files; those of paths that it was told of in the last 14 days are passed over. */
  async receive(pipe: Pipe, files: readonly Omit<PipeFile, "receivedMs">[]): Promise<void> {
    await this.#queue.add(pipe.id, files, this.#started().now());
    this.#later(pipe);
  }

  /** Files that wait. */
  pending(pipe: Pipe): Promise<readonly PipeFile[]> {
    return this.#queue.pending(pipe.id);
  }

  /** Goes on with a pipe that was paused. */
  resume(pipe: Pipe): void {
    this.#later(pipe);
  }

  /** Drops a pipe; files that wait are not loaded. */
  async drop(pipe: Pipe): Promise<void> {
    await this.definitions.remove(pipe);
    await this.#queue.forget(pipe.id);
  }

  /** Drops all that is in a schema, or in a database where `schema` is null. */
  async dropSchema(database: string, schema: string | null): Promise<void> {
    for (const pipe of this.definitions.list(null)) {
      if (pipe.name.database === database && (schema === null || pipe.name.schema === schema)) await this.drop(pipe);
    }
  }

  #started(): PipeLoader {
    assert(this.#loader !== null, "pipes are started before they are told of files");
    return this.#loader;
  }

  #landed(bucket: string, path: string): void {
    for (const pipe of this.definitions.list(null)) {
      if (pipe.autoIngest && this.#started().isSource(pipe, bucket, path)) void this.receive(pipe, [{ path, bytes: null }]);
    }
  }

  #later({ id }: Pipe): void {
    if (this.#end.signal.aborted) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      // One run at a time; what came in between is in the next one.
      const run = (this.#running.get(id) ?? Promise.resolve()).then(() => this.#load(id));
      this.#running.set(id, run);
    }, this.delayMs);
    timer.unref();
    this.#timers.add(timer);
  }

  async #load(id: number): Promise<void> {
    const loader = this.#started();
    for (;;) {
      const files = (await this.#queue.pending(id)).slice(0, filesMax);
      const pipe = this.definitions.list(null).find((each) => each.id === id);
      if (files.length === 0 || pipe === undefined || pipe.paused || this.#end.signal.aborted) return;
      const { signal } = this.#end;
      const loaded = await loader.load({ pipe, files, signal, attemptsMax });
      // The server stops: the next one goes on with them.
      if (loaded === "stopped") return;
      await this.#queue.done(id, files, loader.now());
      for (const file of loaded) this.reports.add(id, file, loader.now());
    }
  }
}
