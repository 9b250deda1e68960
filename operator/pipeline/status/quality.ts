import type { PipelineSpec } from "../../../crds/kinds/pipeline.ts";
import type { Condition } from "../../../crds/kinds/condition.ts";
import type { RowCount } from "../decide/count-rows.ts";
import type { Situation } from "../decide/situation.ts";
import type { Judgement } from "./judgement.ts";

const type = "QualityAsExpected";
type Rows = NonNullable<NonNullable<PipelineSpec["quality"]>["rows"]>;

/**
 * Whether the data is as `quality` says: what the pods say of rejected records, and before that, where it is wrong, how many rows there
 * are, which only all pods together can tell. It stops nothing, and Ready goes without it.
 */
export function qualityAsExpected(situation: Situation, told: readonly Judgement[]): readonly Judgement[] {
  const { observed, rowCount } = situation;
  const ofPods = told.find((judgement) => judgement.type === type);
  const rows = observed.pipeline.spec.quality?.rows;
  if (rows === undefined || rowCount === null || ofPods?.status === "False") return ofPods === undefined ? [] : [ofPods];
  const ofRows = judgeRows(rows, rowCount, observed.pipeline.status?.conditions ?? []);
  return [ofRows.status !== "True" || ofPods === undefined ? ofRows : ofPods];
}

/** The message has no count while all is well: it would be another with each row. */
function judgeRows(
  { overSeconds, warnBelow = 0, warnAbove = Infinity }: Rows,
  { rows }: RowCount,
  before: readonly Condition[],
): Judgement {
  if (rows === null) {
    // After a start of the operator it stays what it was until it has counted for long enough.
    const former = before.find((condition) => condition.type === type && condition.reason.startsWith("Too"));
    const open = {
      type,
      status: "Unknown",
      reason: "Counting",
      message: `rows are counted for ${overSeconds} s before they are judged`,
    } as const;
    return former ?? open;
  }
  const loaded = `${rows} rows were loaded within ${overSeconds} s`;
  if (rows < warnBelow)
    return {
      type,
      status: "False",
      reason: "TooFewRows",
      message: `${loaded}, at least ${warnBelow} are expected (spec.quality.rows.warnBelow): see whether the source still gets records`,
    };
  if (rows > warnAbove)
    return {
      type,
      status: "False",
      reason: "TooManyRows",
      message: `${loaded}, at most ${warnAbove} are expected (spec.quality.rows.warnAbove): see whether the source repeats itself`,
    };
  return { type, status: "True", reason: "AsExpected", message: `as many rows as expected were loaded within ${overSeconds} s` };
}
