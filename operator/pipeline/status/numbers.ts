import type { PipelineStatus } from "../../../crds/kinds/pipeline-status.ts";
import type { Probed } from "../../probe/probed.ts";
import type { ObservedPod } from "../observed.ts";
import type { PodReport } from "../pod-report.ts";
import { allAsked } from "./told-conditions.ts";

/** What the pods' reports add up to. */
export type Numbers = Pick<PipelineStatus, "lag" | "rates" | "positions">;

/** Digits of a rate that mean something. */
const rateDigits = 3;

/**
 * Lag, rates and positions over the pods that read. As long as not all of them were asked they are what they were; what no pod
 * knows is left out.
 */
export function numbersOf(pods: readonly ObservedPod[], before: Numbers): Numbers {
  if (!allAsked(pods)) return only(before);
  const reports = pods.flatMap(({ report }) => report ?? []);
  if (reports.length === 0) return {};
  const records = sumKnown(reports.map(({ lag }) => lag.records));
  const seconds = maxKnown(reports.map(({ lag }) => lag.seconds));
  return {
    lag: {
      ...(records === null ? {} : { records }),
      ...(seconds === null ? {} : { seconds: Math.round(seconds) }),
    },
    rates: {
      recordsPerSecond: rounded(sum(reports.map(({ rates }) => rates.recordsPerSecond))),
      rowsPerSecond: rounded(sum(reports.map(({ rates }) => rates.rowsPerSecond))),
    },
    positions: positionsOf(reports),
  };
}

/** The lag while no pod runs, as the source was last seen; before that what it was. */
export function lagOfSource({ probe }: Probed, before: Numbers): Pick<Numbers, "lag"> {
  if (probe === null) return before.lag === undefined ? {} : { lag: before.lag };
  if (probe.lagRecords === null) return {};
  return { lag: { records: probe.lagRecords, ...(probe.lagRecords === 0 ? { seconds: 0 } : {}) } };
}

function positionsOf(reports: readonly PodReport[]): NonNullable<PipelineStatus["positions"]> {
  const furthest = reports
    .flatMap(({ lag }) => lag.furthestBehind ?? [])
    .toSorted((a, b) => (b.records ?? 0) - (a.records ?? 0) || (a.split < b.split ? -1 : 1))[0];
  return {
    splits: sum(reports.map(({ splits }) => splits)),
    ...(furthest === undefined ? {} : { furthestBehind: furthest.split }),
    ...(furthest?.records === undefined || furthest.records === null ? {} : { furthestBehindRecords: furthest.records }),
  };
}

const only = ({ lag, rates, positions }: Numbers): Numbers => ({
  ...(lag === undefined ? {} : { lag }),
  ...(rates === undefined ? {} : { rates }),
  ...(positions === undefined ? {} : { positions }),
});
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const known = (values: readonly (number | null)[]): readonly number[] => values.filter((value) => value !== null);
const sumKnown = (values: readonly (number | null)[]): number | null => (known(values).length === 0 ? null : sum(known(values)));
const maxKnown = (values: readonly (number | null)[]): number | null =>
  known(values).length === 0 ? null : Math.max(...known(values));
const rounded = (value: number): number =>
  value >= 10 ** rateDigits ? Math.round(value) : Number(value.toPrecision(rateDigits));
