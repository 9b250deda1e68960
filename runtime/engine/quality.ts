import type { PipelineQuality } from "../../crds/kinds/quality.ts";
import { Terminal } from "../component/errors.ts";
import { plus, type RejectedSums, rejectedWindow } from "./rejected-window.ts";
import type { Surroundings } from "./surroundings.ts";

/** `spec.quality.rejected`: what part of the records may be rejected. */
export type RejectedBounds = NonNullable<PipelineQuality["rejected"]>;

/** A transformed batch that nothing is written of yet. */
export interface JudgedBatch extends RejectedSums {
  /** It holds as much as a batch may. */
  readonly full: boolean;
  /** Nothing comes after it: this run ends with it. */
  readonly last: boolean;
  /** One of its rejected records and why, for the message. */
  example(): string;
}

/** Whether a batch is loaded. */
export type Verdict =
  | { readonly kind: "load" }
  /** Too few records to judge, and too many of them rejected: they are read again together with those that come after them. */
  | { readonly kind: "gather" }
  | { readonly kind: "stop"; readonly error: Terminal };

/** Watches what part of the records is rejected. It knows what this process read, no more: each pod judges by itself. */
export interface RejectedWatch {
  /** Until when a batch gathers records to be judged by; null while none does. */
  readonly gatherUntilMs: number | null;
  /** True where a batch of so many records can be judged. */
  enough(records: number): boolean;
  /** Judges the next batch before anything of it is written. What it lets pass is on its way until `loaded` or `givenUp`. */
  judge(batch: JudgedBatch): Verdict;
  /** The first of the batches on their way is loaded. `rejected`: with those that the warehouse refused. */
  loaded(sums: RejectedSums): void;
  /** What is on its way is given up: it is read again, and counts then. */
  givenUp(): void;
  /** Looks every second what the condition is to say, until the answer is called: time alone may change it. */
  watch(): () => void;
}

/** Window where the manifest sets none, in seconds: the default of `overSeconds`. */
const overSecondsDefault = 300;
/** How often the window is looked at, in milliseconds. */
const lookMs = 1000;
/** How long the rejected part must have been within the bound until that is said again, in milliseconds: it may waver around it. */
const calmMs = 60_000;
/** How often the numbers in a condition that stays False are brought up to date, in milliseconds: each is a write of the resource. */
const retellMs = 60_000;

const percent = ({ records, rejected }: RejectedSums): string =>
  `${rejected} of ${records} records (${((100 * rejected) / Math.max(records, 1)).toFixed(1)} %)`;
const above = ({ records, rejected }: RejectedSums, bound: number | undefined): bound is number =>
  bound !== undefined && rejected > bound * records;

/** Watches one run; null where the manifest bounds nothing: then it only counts. */
export function watchRejected(
  bounds: RejectedBounds | null,
  { clock, report, log }: Pick<Surroundings, "clock" | "report" | "log">,
): RejectedWatch {
  const { overSeconds = overSecondsDefault, atLeastRecords = 1, warnAbove, stopAbove } = bounds ?? {};
  const window = rejectedWindow(overSeconds * 1000, () => clock.now());
  let onWay: readonly RejectedSums[] = [];
  let gatherUntilMs: number | null = null;
  const before = (): RejectedSums => onWay.reduce(plus, window.sums());
  const tell = conditionTeller({ warnAbove, atLeastRecords, overSeconds }, { clock, report, log });
  const look = (): void => {
    const sums = window.sums();
    report.metrics.rejectedFraction.set(sums.rejected / Math.max(sums.records, 1));
    // While records gather that is what there is to say.
    if (bounds !== null && gatherUntilMs === null) tell(sums);
  };
  const verdictOf = (batch: JudgedBatch): Verdict => {
    const sums = plus(before(), batch);
    if (batch.rejected === 0 || !above(sums, stopAbove)) return { kind: "load" };
    const gathers = gatherUntilMs !== null;
    if (sums.records >= atLeastRecords || (gathers && batch.full))
      return { kind: "stop", error: tooManyRejected(sums, { overSeconds, stopAbove, example: batch.example() }) };
    if (batch.last || (gathers && gatherUntilMs! <= clock.now())) return { kind: "load" };
    gatherUntilMs ??= clock.now() + overSeconds * 1000;
    const until = new Date(gatherUntilMs).toISOString();
    const message =
      `rejected: ${percent(sums)}, above quality.rejected.stopAbove ${stopAbove} but fewer than atLeastRecords ${atLeastRecords}: ` +
      `they wait for more records to be judged with, until ${until} at most. One of them: ${batch.example()}`;
    report.observe({ ...conditionType, status: "Unknown", reason: "TooFewToJudge", message });
    return { kind: "gather" };
  };
  return {
    get gatherUntilMs() {
      return gatherUntilMs;
    },
    enough: (records) => before().records + records >= atLeastRecords,
    judge(batch) {
      const verdict = verdictOf(batch);
      if (verdict.kind === "load") {
        gatherUntilMs = null;
        onWay = [...onWay, { records: batch.records, rejected: batch.rejected }];
      }
      if (verdict.kind === "stop")
        report.observe({ ...conditionType, status: "False", reason: verdict.error.reason, message: verdict.error.message });
      return verdict;
    },
    loaded(sums) {
      onWay = onWay.slice(1);
      window.add(sums);
      look();
    },
    givenUp() {
      onWay = [];
    },
    watch() {
      let cancel = (): void => {};
      const turn = (): void => {
        look();
        cancel = clock.after(lookMs, turn);
      };
      turn();
      return () => cancel();
    },
  };
}

const conditionType = { type: "QualityAsExpected" } as const;

/** Says whether the rejected part is within `warnAbove`; what has been beyond it is so again once it has been within for a while. */
function conditionTeller(
  {
    warnAbove,
    atLeastRecords,
    overSeconds,
  }: { readonly warnAbove: number | undefined; readonly atLeastRecords: number; readonly overSeconds: number },
  { clock, report, log }: Pick<Surroundings, "clock" | "report" | "log">,
): (sums: RejectedSums) => void {
  /** When the last look found too many; null: they have been within the bound for long enough. */
  let tooManyAtMs: number | null = null;
  let toldAtMs = 0;
  return (sums) => {
    const nowMs = clock.now();
    if (sums.records >= atLeastRecords && above(sums, warnAbove)) {
      if (tooManyAtMs === null || nowMs - toldAtMs >= retellMs) {
        toldAtMs = nowMs;
        const message =
          `rejected: ${percent(sums)} in the last ${overSeconds} s, more than quality.rejected.warnAbove ${warnAbove}. ` +
          "The dead letters say why: correct the SQL or the declared columns, or raise the bound";
        const changed = report.observe({ ...conditionType, status: "False", reason: "TooManyRejected", message });
        if (changed) log.warn({ ...sums, overSeconds, warnAbove }, "too many records rejected");
      }
      tooManyAtMs = nowMs;
      return;
    }
    if (tooManyAtMs !== null && nowMs - tooManyAtMs < calmMs) return;
    tooManyAtMs = null;
    const message = "rejected: within the bounds of quality.rejected";
    if (report.observe({ ...conditionType, status: "True", reason: "AsExpected", message }))
      log.info({ ...sums, overSeconds }, "rejected records within bounds");
  };
}

function tooManyRejected(
  sums: RejectedSums,
  { overSeconds, stopAbove, example }: { overSeconds: number; stopAbove: number; example: string },
): Terminal {
  return new Terminal(
    "TooManyRejected",
    `rejected: ${percent(sums)} in the last ${overSeconds} s, with a batch that is not loaded; quality.rejected.stopAbove is ${stopAbove}. ` +
      `One of them: ${example}. Nothing of this batch was written, no letters either. ` +
      "Correct the SQL or the declared columns; or raise stopAbove, and such records go to the dead letters",
  );
}
