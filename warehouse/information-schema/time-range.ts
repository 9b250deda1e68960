import { SnowflakeError } from "../result.ts";

/** The bounds that a history function is given, in milliseconds since the epoch; without them all time. Throws SnowflakeError. */
export function timeRange(
  from: string | null | undefined,
  to: string | null | undefined,
): { readonly fromMs: number; readonly toMs: number } {
  return { fromMs: moment(from, Number.NEGATIVE_INFINITY), toMs: moment(to, Number.POSITIVE_INFINITY) };
}

function moment(text: string | null | undefined, otherwise: number): number {
  if (text === null || text === undefined) return otherwise;
  // `2020-01-01 00:00:00.000 Z`, as casts to VARCHAR give it; without a zone it is in UTC.
  const iso = text.trim().replace(" ", "T").replaceAll(" ", "");
  const ms = Date.parse(/(?:Z|[+-]\d{2}:?\d{2})$/.test(iso) || !iso.includes("T") ? iso : `${iso}Z`);
  if (Number.isNaN(ms)) throw new SnowflakeError("100035", "22007", `Timestamp '${text}' is not recognized`);
  return ms;
}
