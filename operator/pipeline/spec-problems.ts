import type { Problem } from "../../crds/check.ts";
import type { PipelineSpec } from "../../crds/kinds/pipeline.ts";
import { validate } from "../../crds/validate.ts";
import { windowProblems } from "../scaling/window-problems.ts";
import type { LivePipeline } from "./observed.ts";

/** Compiles SQL; throws where that cannot be done now. */
export type CheckSpec = (spec: PipelineSpec, signal: AbortSignal) => Promise<readonly Problem[]>;

/**
 * All that is wrong with a spec. The API server and the webhook have looked at it, but with definitions of another version, or not
 * at all while the webhook was down: nothing is rolled that this operator has not found good.
 */
export async function specProblems(pipeline: LivePipeline, check: CheckSpec, signal: AbortSignal): Promise<readonly Problem[]> {
  const { resource, problems } = validate(pipeline);
  if (resource === null || resource.kind !== "Pipeline") return problems;
  const windows = resource.spec.scaling === undefined ? [] : windowProblems(resource.spec.scaling);
  return [...windows, ...(await check(resource.spec, signal))];
}
