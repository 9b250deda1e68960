import type { DuckDBConnection } from "@duckdb/node-api";
import type { ObjectName } from "../engine/object-name.ts";

/** What every object on a shelf has. */
export interface Shelved {
  /** Never given again. */
  readonly id: number;
  readonly name: ObjectName;
  /** The session whose end drops it; null for one that stays. */
  readonly sessionId: number | null;
}

/** What a shelf is made of. */
export interface ShelfOptions {
  /** Used by nobody else at the same time as a transaction; stays the caller's to close. */
  readonly connection: DuckDBConnection;
  /** Which objects: `stage`, `file format`, `pipe`. */
  readonly kind: string;
}

/**
 * The account's stages, file formats or pipes: read from memory, and kept in `snowline.shelved_objects` of the DuckDB database so that a
 * server that is started again on the same file has them. As Snowflake's DDL, a change belongs to no transaction.
 */
export class ObjectShelf<T extends Shelved> {
  readonly #options: ShelfOptions;
  readonly #objects = new Map<string, T>();
  #lastId = 0;

  private constructor(options: ShelfOptions) {
    this.#options = options;
  }

  /** Reads what is there. Temporary objects of sessions that ended with the server are gone. */
  static async open<T extends Shelved>(options: ShelfOptions): Promise<ObjectShelf<T>> {
    const { connection, kind } = options;
    await connection.run("CREATE SCHEMA IF NOT EXISTS snowline");
    await connection.run(
      "CREATE TABLE IF NOT EXISTS snowline.shelved_objects (kind VARCHAR NOT NULL, id BIGINT NOT NULL, body VARCHAR NOT NULL)",
    );
    const shelf = new ObjectShelf<T>(options);
    const reader = await connection.runAndReadAll("SELECT body FROM snowline.shelved_objects WHERE kind = $kind ORDER BY id", {
      kind,
    });
    for (const row of reader.getRowsJS()) {
      const object = JSON.parse(row[0] as string) as T;
      shelf.#objects.set(keyOf(object.name, object.sessionId), object);
      shelf.#lastId = Math.max(shelf.#lastId, object.id);
    }
    return shelf;
  }

  /** An id for a new object. */
  newId(): number {
    return ++this.#lastId;
  }

  /** The object of this name that a session sees: its own temporary one before the one of all. */
  find(name: ObjectName, sessionId: number | null): T | undefined {
    return (sessionId === null ? undefined : this.#objects.get(keyOf(name, sessionId))) ?? this.#objects.get(keyOf(name, null));
  }

  /** Those of all sessions and the temporary ones of this one, by name. */
  list(sessionId: number | null): readonly T[] {
    return this.#objects
      .values()
      .filter((object) => object.sessionId === null || object.sessionId === sessionId)
      .toArray()
      .toSorted((a, b) => compare(a.name, b.name));
  }

  /** Adds it, or puts it in the place of the one with its id or name. */
  async put(object: T): Promise<void> {
    const before = this.#objects.get(keyOf(object.name, object.sessionId));
    this.#objects.set(keyOf(object.name, object.sessionId), object);
    if (object.sessionId !== null) return;
    if (before !== undefined) await this.#erase(before);
    const { connection, kind } = this.#options;
    await connection.run("INSERT INTO snowline.shelved_objects VALUES ($kind, $id, $body)", {
      kind,
      id: BigInt(object.id),
      body: JSON.stringify(object),
    });
  }

  /** Takes it away. */
  async remove(object: T): Promise<void> {
    this.#objects.delete(keyOf(object.name, object.sessionId));
    if (object.sessionId === null) await this.#erase(object);
  }

  async #erase({ id }: T): Promise<void> {
    const { connection, kind } = this.#options;
    await connection.run("DELETE FROM snowline.shelved_objects WHERE kind = $kind AND id = $id", { kind, id: BigInt(id) });
  }
}

function keyOf({ database, schema, name }: ObjectName, sessionId: number | null): string {
  return JSON.stringify([sessionId, database, schema, name]);
}

function compare(a: ObjectName, b: ObjectName): number {
  const [left, right] = [a, b].map(({ database, schema, name }) => `${database}\0${schema}\0${name}`);
  return (left ?? "") < (right ?? "") ? -1 : 1;
}
