import type { PipelineStatus } from "../../crds/kinds/pipeline-status.ts";
import type { ScalingMemory } from "../scaling/scaling-memory.ts";
import { memoryFrom } from "../scaling/stored-memory.ts";
import type { RowSamples } from "./row-samples.ts";

/** What is remembered of a pipeline from one look to the next. */
export interface Remembered {
  readonly scaling: ScalingMemory;
  readonly rows: RowSamples;
}

/** What an operator that begins knows: what the one before has left in the status. Rows are counted from now on. */
export const rememberedFrom = (status: PipelineStatus | undefined): Remembered => ({
  scaling: memoryFrom(status?.scaling?.memory),
  rows: [],
});
