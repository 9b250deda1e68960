import type { Condition } from "../../crds/kinds/condition.ts";
import type { PodReport } from "./pod-report.ts";

/** Conditions of one pod that are kept, and characters of a text: the engine has nine, in a sentence each. */
const conditionsMax = 16;
const textCharsMax = 1_000;
const proofKinds = ["loaded", "caughtUp", "noSplit", "waiting", "rejecting"] as const;

/**
 * Reads a pod's answer. What is missing or of another type counts as not told: the runtime may be of another version, or not ours at
 * all. Null where it is no report.
 */
export function parseReport(text: string, atMs: number): PodReport | null {
  const value = fields(parsed(text));
  if (typeof value["started"] !== "boolean" || !Array.isArray(value["conditions"])) return null;
  const [totals, rates, lag, proof] = [
    fields(value["totals"]),
    fields(value["rates"]),
    fields(value["lag"]),
    fields(value["proof"]),
  ];
  const proofKind = proofKinds.find((kind) => kind === proof["kind"]);
  const furthest = fields(lag["furthestBehind"]);
  return {
    started: value["started"],
    ...(proofKind === undefined ? {} : { proof: { kind: proofKind, message: textOf(proof["message"]) } }),
    conditions: value["conditions"].slice(0, conditionsMax).flatMap((condition) => conditionOf(fields(condition))),
    totals: {
      recordsRead: countOf(totals["recordsRead"]),
      rowsLoaded: countOf(totals["rowsLoaded"]),
      recordsRejected: countOf(totals["recordsRejected"]),
    },
    rates: { recordsPerSecond: numberOf(rates["recordsPerSecond"]) ?? 0, rowsPerSecond: numberOf(rates["rowsPerSecond"]) ?? 0 },
    lag: {
      records: numberOf(lag["records"]),
      seconds: numberOf(lag["seconds"]),
      furthestBehind:
        typeof furthest["split"] === "string"
          ? { split: textOf(furthest["split"]), records: numberOf(furthest["records"]) }
          : null,
    },
    splits: countOf(value["splits"]),
    lastLoadTime: timeOf(value["lastLoadTime"]),
    ...scalingTermsOf(value),
    atMs,
  };
}

type ScalingTerms = Pick<PodReport, "load" | "arrivals" | "splitsTotal" | "rebalances">;

/** What the number of pods follows from, as far as this runtime tells it. */
function scalingTermsOf(value: Fields): ScalingTerms {
  const [load, arrivals, rebalances] = [fields(value["load"]), fields(value["arrivals"]), fields(value["rebalances"])];
  const [busy, sinkWait] = [numberOf(load["busyFraction"]), numberOf(load["sinkWaitFraction"])];
  const recordsPerSecond = numberOf(load["recordsPerSecond"]);
  const hottest = fields(arrivals["hottest"]);
  const hottestPerSecond = numberOf(hottest["recordsPerSecond"]);
  return {
    ...(busy === null || sinkWait === null || recordsPerSecond === null
      ? {}
      : { load: { busyFraction: Math.min(busy, 1), sinkWaitFraction: Math.min(sinkWait, 1), recordsPerSecond } }),
    ...(value["arrivals"] === undefined
      ? {}
      : {
          arrivals: {
            recordsPerSecond: numberOf(arrivals["recordsPerSecond"]),
            hottest:
              typeof hottest["split"] === "string" && hottestPerSecond !== null
                ? { split: textOf(hottest["split"]), recordsPerSecond: hottestPerSecond }
                : null,
          },
        }),
    ...(value["splitsTotal"] === undefined ? {} : { splitsTotal: wholeOf(value["splitsTotal"]) }),
    ...(value["rebalances"] === undefined
      ? {}
      : { rebalances: { count: countOf(rebalances["count"]), stallSeconds: numberOf(rebalances["stallSeconds"]) ?? 0 } }),
  };
}

type Fields = Readonly<Record<string, unknown>>;
const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const textOf = (value: unknown): string => (typeof value === "string" ? value.slice(0, textCharsMax) : "");
/** A number that is not negative. */
const numberOf = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
const countOf = (value: unknown): number => Math.min(Math.floor(numberOf(value) ?? 0), Number.MAX_SAFE_INTEGER);
const wholeOf = (value: unknown): number | null => (numberOf(value) === null ? null : countOf(value));
const timeOf = (value: unknown): string | null =>
  typeof value === "string" && !Number.isNaN(Date.parse(value)) ? value.slice(0, 32) : null;

function conditionOf({ type, status, reason, message }: Fields): Condition[] {
  if (typeof type !== "string" || !(status === "True" || status === "False" || status === "Unknown")) return [];
  const word = typeof reason === "string" && /^[A-Za-z][A-Za-z0-9]{0,99}$/.test(reason) ? reason : "Unnamed";
  return [{ type: type.slice(0, textCharsMax), status, reason: word, message: textOf(message), lastTransitionTime: "" }];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
