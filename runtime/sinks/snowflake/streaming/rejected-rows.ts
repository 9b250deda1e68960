import type { Reject, Rows } from "../../../../transform/rows.ts";
import { Terminal } from "../../../component/errors.ts";
import { textLiteral } from "../../../snowflake/identifiers.ts";
import type { SnowflakeSession } from "../../../snowflake/session.ts";
import type { WholeName } from "../sink-names.ts";
import type { PreparedTable } from "../prepare-table.ts";
import { pause } from "./pause.ts";
import type { RowLines } from "./row-lines.ts";

/** Snowflake writes the error table beside the rows; it may be a little later. */
const lookMs = 500;
const looksMax = 60;

/** A split of which rows were rejected. */
export interface RejectedSplit {
  /** Index of the split in the moves. */
  readonly index: number;
  readonly channel: string;
  /** The offset token that the rows were sent with. */
  readonly token: string;
  readonly count: number;
}

/** What is needed to find the records. */
export interface RejectedRowsOptions {
  readonly session: SnowflakeSession;
  readonly table: WholeName;
  readonly lines: RowLines;
  readonly rows: Rows;
  readonly prepared: PreparedTable;
  /** Aborted when the sink is to end. */
  readonly signal: AbortSignal;
}

/** The query by which an owner finds the rejected rows of a channel. */
export function rejectedRowsQuery(table: WholeName, channel: string): string {
  return `SELECT * FROM ERROR_TABLE(${table.sql}) WHERE ERROR_METADATA:details:channel_name::VARCHAR = ${textLiteral(channel)} ORDER BY TIMESTAMP DESC`;
}

/**
 * The records whose rows Snowflake rejected: it keeps the rejected lines as they were sent, and equal lines are rejected alike. Throws
 * Terminal where the error table does not have them, so that nothing is lost in silence.
 */
export async function rejectedRecords(
  splits: readonly RejectedSplit[],
  options: RejectedRowsOptions,
): Promise<readonly Reject[]> {
  const rejects = new Map<number, string>();
  for (const split of splits) {
    const reasons = await reasonsOf(split, options);
    const { rows, lines, prepared } = options;
    const found = await lines.ordinals(rows, prepared.stored, { split: split.index, lines: [...reasons.keys()] });
    for (const [line, ordinals] of found) for (const ordinal of ordinals) rejects.set(ordinal, reasons.get(line)!);
    if (found.size < reasons.size)
      throw notFound(split, options.table, `${reasons.size - found.size} of its rows are none that were sent`);
  }
  return [...rejects].map(([ordinal, error]) => ({ ordinal, error })).toSorted((one, other) => one.ordinal - other.ordinal);
}

/** Why each rejected line was. */
async function reasonsOf(
  split: RejectedSplit,
  { session, table, signal }: RejectedRowsOptions,
): Promise<ReadonlyMap<string, string>> {
  for (let look = 1; ; look++) {
    const { rows } = await session.execute(
      `SELECT ERROR_DATA:"$1"::VARCHAR, ERROR_CODE::VARCHAR, ERROR_METADATA:error_source::VARCHAR FROM ERROR_TABLE(${table.sql})
 WHERE ERROR_METADATA:details:channel_name::VARCHAR = ? AND ERROR_METADATA:details:offset_token_upper_bound::VARCHAR = ?`,
      { binds: [split.channel, split.token] },
    );
    if (rows.length >= split.count) {
      return new Map(
        rows.map(([line, code, column]) => [
          line ?? "",
          `the table refused a row of it${column === null || column === undefined ? "" : `, for its column ${column}`} (Snowflake's error ${code ?? "unknown"})`,
        ]),
      );
    }
    if (look === looksMax)
      throw notFound(split, table, `${split.count - rows.length} of its ${split.count} rejected rows are not there`);
    await pause(lookMs, signal);
  }
}

function notFound({ channel }: RejectedSplit, table: WholeName, what: string): Terminal {
  return new Terminal(
    "RejectedRowsMissing",
    `table ${table.sql}: ${what} in its error table: look with ${rejectedRowsQuery(table, channel)}`,
  );
}
