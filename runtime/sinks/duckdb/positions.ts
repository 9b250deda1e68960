import { canonical, type Move, type Position } from "../../component/position.ts";
import type { Database } from "./database.ts";

/** Whose positions, and who asks. */
export interface Claimant {
  /** `namespace/name`. */
  readonly pipeline: string;
  /** Unique to this sink instance. */
  readonly owner: string;
}

/** Schema of Snowline's own tables in the warehouse. */
export const ownSchema = "snowline";

const table = (database: Database) => `${database.catalog}.${ownSchema}.positions`;
const movesType = `[{"split":"VARCHAR","before":"VARCHAR","after":"VARCHAR"}]`;
const movesTable = `(SELECT unnest(from_json($moves, '${movesType}'), recursive := true)) AS moves`;

/**
 * Makes the table of positions if absent. The key lets only one of two owners add a new split. Who changes a row also counts
 * `changes` up: DuckDB sees two transactions that update one row as a conflict only where both change a value of the same
 * column, and a claim changes the owner alone, a move the position alone.
 */
export async function createPositions(database: Database): Promise<void> {
  await database.connection.run(`CREATE SCHEMA IF NOT EXISTS ${database.catalog}.${ownSchema}`);
  await database.connection.run(`CREATE TABLE IF NOT EXISTS ${table(database)} (
    pipeline VARCHAR, split VARCHAR, position VARCHAR, owner VARCHAR NOT NULL, changes BIGINT NOT NULL, moved_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (pipeline, split))`);
}

/** Makes the claimant the owner of the splits, new ones included, in one statement. */
export async function claim(database: Database, { pipeline, owner }: Claimant, splits: readonly string[]): Promise<void> {
  await database.connection.run(
    `INSERT INTO ${table(database)} AS p (pipeline, split, owner, changes)
     SELECT DISTINCT $pipeline, split, $owner, 0 FROM (SELECT unnest(from_json($splits, '["VARCHAR"]')) AS split)
     ON CONFLICT (pipeline, split) DO UPDATE SET owner = excluded.owner, changes = p.changes + 1`,
    { pipeline, owner, splits: JSON.stringify(splits) },
  );
}

/** Where the splits stand; a split without a position is absent. */
export async function stored(
  database: Database,
  { pipeline }: Claimant,
  splits: readonly string[],
): Promise<Map<string, Position>> {
  const reader = await database.connection.runAndReadAll(
    `SELECT split, position FROM ${table(database)}
     WHERE pipeline = $pipeline AND position IS NOT NULL AND split IN (SELECT unnest(from_json($splits, '["VARCHAR"]')))`,
    { pipeline, splits: JSON.stringify(splits) },
  );
  return new Map((reader.getRows() as [string, string][]).map(([split, position]) => [split, JSON.parse(position) as Position]));
}

/**
 * Which splits do not stand at `from` as ours, and whether all stand at `to` as ours already. In the transaction that then
 * calls `advance`: it sees the same snapshot.
 */
export async function judge(
  database: Database,
  { pipeline, owner }: Claimant,
  moves: readonly Move[],
): Promise<{ readonly conflicts: readonly string[]; readonly arrived: boolean }> {
  const reader = await database.connection.runAndReadAll(
    `SELECT moves.split, p.owner IS NOT DISTINCT FROM $owner AND p.position = moves.after AS arrived
     FROM ${movesTable} LEFT JOIN ${table(database)} AS p ON p.pipeline = $pipeline AND p.split = moves.split
     WHERE p.owner IS DISTINCT FROM $owner OR p.position IS DISTINCT FROM moves.before`,
    { pipeline, owner, moves: movesText(moves) },
  );
  const rows = reader.getRows() as [string, boolean | null][];
  return {
    conflicts: rows.map(([split]) => split),
    arrived: rows.length === moves.length && rows.every(([, arrived]) => arrived === true),
  };
}

/** Compare-and-set of all the moves in one statement. Answers how many splits moved: those that stood at `from` and are ours. */
export async function advance(database: Database, { pipeline, owner }: Claimant, moves: readonly Move[]): Promise<number> {
  const result = await database.connection.run(
    `UPDATE ${table(database)} AS p SET position = moves.after, changes = p.changes + 1, moved_at = now() FROM ${movesTable}
     WHERE p.pipeline = $pipeline AND p.split = moves.split AND p.owner = $owner AND p.position IS NOT DISTINCT FROM moves.before`,
    { pipeline, owner, moves: movesText(moves) },
  );
  return result.rowsChanged;
}

function movesText(moves: readonly Move[]): string {
  return JSON.stringify(
    moves.map(({ split, from, to }) => ({ split, before: from === null ? null : canonical(from), after: canonical(to) })),
  );
}
