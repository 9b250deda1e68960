import { canonical, type Move, type Position } from "../../component/position.ts";
import type { SnowflakeSession } from "../../snowflake/session.ts";
import type { WholeName } from "./sink-names.ts";

/** Whose positions, and who asks. */
export interface Claimant {
  readonly positions: WholeName;
  /** Unique to this sink instance. */
  readonly owner: string;
}

/** Where a split stands. */
export interface Stored {
  /** null where it has not moved yet. */
  readonly position: Position | null;
  /**
   * What the way of loading keeps besides it, as JSON text: the file that Snowpipe was given and where it leads to, a channel's
   * counters. Only the way of loading knows what it says. null: nothing.
   */
  readonly state: string | null;
}

/** A move, and what is kept beside the position from now on; without `state` what is there stays. */
export interface StoredMove extends Omit<Move, "to"> {
  /** null: back to having no position. */
  readonly to: Position | null;
  readonly state?: string | null;
}

// All that is about many splits goes in as one bind, a JSON array, so that a statement's text is always the same.
// A member is left out where its value is null: VARIANT has a null of its own, and only a missing member is SQL's NULL.
const splitsTable = `(SELECT DISTINCT VALUE::VARCHAR AS "NAME" FROM TABLE(FLATTEN(INPUT => PARSE_JSON(?))))`;
const movesTable = `(SELECT VALUE:split::VARCHAR AS "NAME", VALUE:before::VARCHAR AS "BEFORE", VALUE:after::VARCHAR AS "AFTER",
 VALUE:keeps::BOOLEAN AS "KEEPS", VALUE:state::VARCHAR AS "KEPT" FROM TABLE(FLATTEN(INPUT => PARSE_JSON(?))))`;

/**
 * Makes the table if absent. DDL: never in a transaction. Columns: SPLIT, POSITION (canonical JSON text), OWNER, STATE (JSON
 * text), CHANGES (counts claims and moves), UPDATED_AT.
 */
export async function createPositions(session: SnowflakeSession, positions: WholeName): Promise<void> {
  await session.execute(createPositionsText(positions));
}

/** The statement of `createPositions`. */
export const createPositionsText = ({ sql }: WholeName): string =>
  `CREATE TABLE IF NOT EXISTS ${sql} ("SPLIT" VARCHAR NOT NULL, "POSITION" VARCHAR, "OWNER" VARCHAR NOT NULL, "STATE" VARCHAR, "CHANGES" NUMBER(19,0) NOT NULL, "UPDATED_AT" TIMESTAMP_LTZ(3) NOT NULL)`;

/** Makes the claimant the owner of the splits, new ones included, in one statement. Autocommits where no transaction is open. */
export async function claim(session: SnowflakeSession, { positions, owner }: Claimant, splits: readonly string[]): Promise<void> {
  await session.execute(
    `MERGE INTO ${positions.sql} AS P USING ${splitsTable} AS S ON P."SPLIT" = S."NAME"
 WHEN MATCHED THEN UPDATE SET "OWNER" = ?, "CHANGES" = P."CHANGES" + 1, "UPDATED_AT" = CURRENT_TIMESTAMP()
 WHEN NOT MATCHED THEN INSERT ("SPLIT", "OWNER", "CHANGES", "UPDATED_AT") VALUES (S."NAME", ?, 0, CURRENT_TIMESTAMP())`,
    { binds: [JSON.stringify(splits), owner, owner] },
  );
}

/** Where the splits stand, whoever owns them; one that nobody has claimed is absent. */
export async function stored(
  session: SnowflakeSession,
  { positions }: Claimant,
  splits: readonly string[],
): Promise<ReadonlyMap<string, Stored>> {
  const { rows } = await session.execute(
    `SELECT P."SPLIT", P."POSITION", P."STATE" FROM ${positions.sql} AS P JOIN ${splitsTable} AS S ON P."SPLIT" = S."NAME"`,
    { binds: [JSON.stringify(splits)] },
  );
  return new Map(
    rows.map(([split, position, state]) => [
      split!,
      { position: typeof position === "string" ? (JSON.parse(position) as Position) : null, state: state ?? null },
    ]),
  );
}

/** Which splits do not stand at `from` as ours, and whether all stand at `to` as ours already. */
export async function judge(
  session: SnowflakeSession,
  { positions, owner }: Claimant,
  moves: readonly Move[],
): Promise<{ readonly conflicts: readonly string[]; readonly arrived: boolean }> {
  const { rows } = await session.execute(
    `SELECT M."NAME", IFF(P."OWNER" = ? AND P."POSITION" = M."AFTER", 'there', 'elsewhere')
 FROM ${movesTable} AS M LEFT JOIN ${positions.sql} AS P ON P."SPLIT" = M."NAME"
 WHERE P."OWNER" IS DISTINCT FROM ? OR P."POSITION" IS DISTINCT FROM M."BEFORE"`,
    { binds: [owner, movesText(moves), owner] },
  );
  return {
    conflicts: rows.map(([split]) => split!),
    arrived: rows.length === moves.length && rows.every(([, where]) => where === "there"),
  };
}

/** Owners who hold some split that is none of these. */
export async function ownersBesides(
  session: SnowflakeSession,
  { positions }: Claimant,
  splits: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await session.execute(
    `SELECT DISTINCT P."OWNER" FROM ${positions.sql} AS P LEFT JOIN ${splitsTable} AS S ON P."SPLIT" = S."NAME" WHERE S."NAME" IS NULL`,
    { binds: [JSON.stringify(splits)] },
  );
  return rows.map(([owner]) => owner!);
}

/**
 * Compare-and-set of all the moves in one statement. Answers how many splits moved: those that stood at `from` and are ours. With
 * the id of a transaction none moves outside of it: positions without the rows that are rolled back with it would lose these.
 */
export async function advance(
  session: SnowflakeSession,
  { positions, owner }: Claimant,
  moves: readonly StoredMove[],
  transaction: string | null = null,
): Promise<number> {
  const { changed } = await session.execute(
    `UPDATE ${positions.sql} SET "POSITION" = M."AFTER", "STATE" = IFF(M."KEEPS", "STATE", M."KEPT"), "CHANGES" = "CHANGES" + 1, "UPDATED_AT" = CURRENT_TIMESTAMP()
 FROM ${movesTable} AS M
 WHERE "SPLIT" = M."NAME" AND "OWNER" = ? AND "POSITION" IS NOT DISTINCT FROM M."BEFORE"${transaction === null ? "" : " AND CURRENT_TRANSACTION() = ?"}`,
    { binds: [movesText(moves), owner, ...(transaction === null ? [] : [transaction])] },
  );
  return changed;
}

/**
 * Whether these moves were committed: Snowflake's COMMIT is content where the transaction was ended by another hand, as an heir
 * does with one whose owner it takes for dead, so that only the positions tell. True where all stand at `to`, with the state that
 * was to be kept, whoever owns the splits by now. False is no proof where an heir may have moved them on already.
 */
export async function areCommitted(
  session: SnowflakeSession,
  claimant: Claimant,
  moves: readonly StoredMove[],
): Promise<boolean> {
  const standing = await stored(
    session,
    claimant,
    moves.map(({ split }) => split),
  );
  const text = (position: Position | null): string | null => (position === null ? null : canonical(position));
  return moves.every(({ split, to, state }) => {
    const found = standing.get(split);
    return found !== undefined && text(found.position) === text(to) && (state === undefined || found.state === state);
  });
}

function movesText(moves: readonly StoredMove[]): string {
  return JSON.stringify(
    moves.map(({ split, from, to, state }) => ({
      split,
      ...(from === null ? {} : { before: canonical(from) }),
      ...(to === null ? {} : { after: canonical(to) }),
      keeps: state === undefined,
      ...(state === undefined || state === null ? {} : { state }),
    })),
  );
}
