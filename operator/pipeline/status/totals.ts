import type { PipelineStatus } from "../../../crds/kinds/pipeline-status.ts";
import type { Observed } from "../observed.ts";
import type { PodReport } from "../pod-report.ts";

/** Sums over the life of a pipeline. */
export type Totals = NonNullable<PipelineStatus["totals"]>;

/** A pod's own counters, which begin at 0 with its process. */
export interface Counters {
  readonly uid: string;
  readonly totals: PodReport["totals"];
}

/** Pods whose counters are remembered: more would make the status long. What others had counted when the operator starts again is not added. */
const countedPodsMax = 64;
/** Letters of a uid that tell the pods of one pipeline apart. */
const uidDigits = 8;

/**
 * The sums after these counters. They never shrink, and nothing is added twice: what of each pod is in them is kept beside them
 * (`counted`), so that they go on when the operator starts again. A counter that is smaller than before began anew. Pods that no
 * longer tell anything are forgotten, their part stays. `silent` pods are there but did not answer: they are not forgotten.
 */
export function totalsAfter(before: Totals | undefined, told: readonly Counters[], silent: readonly string[]): Totals {
  const counted = parseCounted(before?.counted ?? "");
  const first = before === undefined;
  let sums = tripleOf(before);
  const next = new Map<string, Triple>();
  for (const uid of silent) keep(next, short(uid), counted.get(short(uid)));
  for (const { uid, totals } of told) {
    const now = tripleOf(totals);
    const then = counted.get(short(uid));
    // A pod that is not remembered though others are is new; where nobody is, it may have been among too many.
    const unknown = then === undefined && !first && counted.size >= countedPodsMax;
    if (!unknown) sums = plus(sums, grown(then ?? [0, 0, 0], now));
    keep(next, short(uid), now);
  }
  const text = [...next].map(([uid, triple]) => `${uid}:${triple.join("/")}`).toSorted();
  return {
    recordsRead: sums[0],
    rowsLoaded: sums[1],
    recordsRejected: sums[2],
    ...(text.length === 0 ? {} : { counted: text.join(" ") }),
  };
}

/** The sums with what pods that are there and pods that are gone have told; nothing as long as none has ever told anything. */
export function totalsOf({ pipeline, pods, departed }: Observed): Pick<PipelineStatus, "totals"> {
  const told = [...pods, ...departed].flatMap(({ uid, report }) => (report === null ? [] : [{ uid, totals: report.totals }]));
  const silent = pods.filter(({ report }) => report === null).map(({ uid }) => uid);
  const before = pipeline.status?.totals;
  return told.length === 0 && before === undefined ? {} : { totals: totalsAfter(before, told, silent) };
}

/** Read, loaded, rejected. */
type Triple = readonly [number, number, number];

const short = (uid: string): string => uid.slice(0, uidDigits);
const tripleOf = (totals: Totals | undefined): Triple => [
  totals?.recordsRead ?? 0,
  totals?.rowsLoaded ?? 0,
  totals?.recordsRejected ?? 0,
];
const plus = (a: Triple, b: Triple): Triple => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];

function grown(then: Triple, now: Triple): Triple {
  const anew = now.some((value, at) => value < then[at]!);
  return anew ? now : [now[0] - then[0], now[1] - then[1], now[2] - then[2]];
}

function keep(counted: Map<string, Triple>, uid: string, triple: Triple | undefined): void {
  if (triple !== undefined && counted.size < countedPodsMax) counted.set(uid, triple);
}

/** Unreadable parts are left out: the pods they stand for count as new. */
function parseCounted(text: string): ReadonlyMap<string, Triple> {
  return new Map(
    text.split(" ").flatMap((entry): [string, Triple][] => {
      const [, uid, ...numbers] = /^([0-9a-z-]+):(\d+)\/(\d+)\/(\d+)$/.exec(entry) ?? [];
      const [read, loaded, rejected] = numbers.map(Number);
      return uid === undefined ? [] : [[uid, [read!, loaded!, rejected!]]];
    }),
  );
}
