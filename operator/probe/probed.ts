import { isDeepStrictEqual } from "node:util";
import type { SourceProbe } from "../scaling/scaling-observation.ts";
import type { ProbedSource } from "./probe-answer.ts";

/** What is known of the source of a pipeline that runs no pod. */
export interface Probed {
  /** The last answer; null: there was none yet. */
  readonly probe: SourceProbe | null;
  /** Why the last question had no answer, and since when there is none, in milliseconds since the epoch; null: it had one. */
  readonly failure: { readonly message: string; readonly sinceMs: number } | null;
}

/** Nobody has asked. */
export const unprobed: Probed = { probe: null, failure: null };

/** What is remembered of a source besides what is told of it. */
export interface ProbeMemory {
  readonly probed: Probed;
  /** Of the last answer. */
  readonly ends: number | null;
}

/** After an answer. What arrived is what the ends grew by; where they fell a topic was made again, and there is no telling. */
export function answered({ probed, ends }: ProbeMemory, source: ProbedSource, nowMs: number): ProbeMemory {
  const seconds = probed.probe === null ? 0 : (nowMs - probed.probe.atMs) / 1000;
  const grown = ends === null ? -1 : source.ends - ends;
  const arrivalsPerSecond = seconds > 0 && grown >= 0 ? grown / seconds : null;
  const { lagRecords, partitions } = source;
  return { probed: { probe: { lagRecords, partitions, arrivalsPerSecond, atMs: nowMs }, failure: null }, ends: source.ends };
}

/** After a question that had no answer. What was known before stays known. */
export function failed({ probed, ends }: ProbeMemory, message: string, nowMs: number): ProbeMemory {
  return { probed: { probe: probed.probe, failure: { message, sinceMs: probed.failure?.sinceMs ?? nowMs } }, ends };
}

/** Whether a decision may follow from it: not from the same lag of nothing, told once more. */
export function isNews(before: Probed, after: Probed): boolean {
  const weighed = ({ probe, failure }: Probed) => [
    probe === null ? null : [probe.lagRecords, probe.partitions, (probe.arrivalsPerSecond ?? 0) > 0],
    failure,
  ];
  return !isDeepStrictEqual(weighed(before), weighed(after));
}
