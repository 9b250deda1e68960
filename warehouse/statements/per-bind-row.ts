import { SnowflakeError, type StatementResult } from "../result.ts";
import type { StatementCall } from "./statement.ts";

/** Rows of array binds that one statement runs for. INSERT, which is where drivers use many, has no such bound. */
const rowsMax = 100_000;

/** Runs a statement with array binds once for each of their rows, and adds its counts up. */
export async function perBindRow(
  call: StatementCall,
  execute: (call: StatementCall) => Promise<StatementResult>,
): Promise<StatementResult> {
  const lengths = call.binds.flatMap(({ value }) => (Array.isArray(value) ? [value.length] : []));
  const rows = Math.max(0, ...lengths);
  if (lengths.length === 0 || call.describeOnly) return execute(call);
  if (rows > rowsMax)
    throw new SnowflakeError(
      "000603",
      "XX000",
      `array binds: ${rows} rows for a statement that is no INSERT: at most ${rowsMax}`,
    );
  let total: StatementResult | null = null;
  const { transaction } = call.session;
  const isOwn = transaction.id === null;
  if (isOwn) await transaction.begin(null);
  try {
    for (let row = 0; row < rows; row += 1) {
      const binds = call.binds.map(({ type, value }) => ({
        type,
        value: Array.isArray(value) ? (value[row] as string | null) : value,
      }));
      total = added(total, await execute({ ...call, binds }));
    }
    if (isOwn) await transaction.commit();
  } catch (error) {
    if (isOwn) await transaction.rollback();
    throw error;
  }
  return total ?? execute({ ...call, describeOnly: true });
}

function added(total: StatementResult | null, result: StatementResult): StatementResult {
  if (total === null) return result;
  const sum = result.rows[0]!.map((value, index) => String(Number(value) + Number(total.rows[0]![index])));
  return { ...result, rows: [sum] };
}
