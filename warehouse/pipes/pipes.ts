import type { DuckDBConnection } from "@duckdb/node-api";
import { ObjectShelf, type Shelved } from "../stages/object-shelf.ts";

/** A pipe as CREATE PIPE made it. */
export interface Pipe extends Shelved {
  /** The COPY statement. */
  readonly definition: string;
  readonly autoIngest: boolean;
  readonly paused: boolean;
  readonly comment: string;
  readonly createdMs: number;
  readonly owner: string;
}

/** What the account's pipes are made of. */
export interface PipesOptions {
  /** For the definitions; stays the caller's to close. */
  readonly connection: DuckDBConnection;
  /** Milliseconds from a file's arrival to its load. */
  readonly delayMs: number;
}

/** The account's pipes. */
export class Pipes {
  readonly definitions: ObjectShelf<Pipe>;
  /** Milliseconds from a file's arrival to its load; tests change it. */
  delayMs: number;

  private constructor(options: PipesOptions, definitions: ObjectShelf<Pipe>) {
    this.definitions = definitions;
    this.delayMs = options.delayMs;
  }

  static async open(options: PipesOptions): Promise<Pipes> {
    return new Pipes(options, await ObjectShelf.open<Pipe>({ connection: options.connection, kind: "pipe" }));
  }
}
