import type { EngineStatus } from "../engine/report.ts";

/** The status with the number of splits in place of them: bounded, for whoever asks many pods often. */
export interface BriefStatus extends Omit<EngineStatus, "splits"> {
  readonly splits: number;
}

/** What of the status has a bounded size. */
export function briefStatus(status: EngineStatus): BriefStatus {
  return { ...status, splits: status.splits.length };
}
