import type { ScalingStatus } from "../../../crds/kinds/scaling-status.ts";
import { type Field, until } from "./field.ts";
import type { NumberedTopic } from "./numbered-topic.ts";
import { ordersPipeline } from "./orders-example.ts";

/** Averages are over a minute, and a pod with so little CPU takes up to a minute to start. */
export const stageTimeoutMs = 240_000;

/** Applies the example with short times, and the numbers of pods as wanted. */
export async function applyScaled(field: Field, topic: NumberedTopic, scaling: object): Promise<void> {
  const pipeline = await ordersPipeline("scaling/pipeline.yaml", { field, topic });
  pipeline.spec["scaling"] = { max: 6, targetLagSeconds: 20, scaleDownAfterSeconds: 20, ...scaling };
  await field.apply(pipeline);
}

/** Resolves to what the autoscaler says once it is as wanted; an error has what it last said. */
export async function scalingOf(
  field: Field,
  what: string,
  wanted: (scaling: ScalingStatus, ready: number) => boolean,
): Promise<ScalingStatus> {
  let last: unknown = null;
  const found = until(
    what,
    async () => {
      const status = (await field.pipeline("orders"))?.status;
      last = status;
      const scaling = status?.scaling;
      return scaling !== undefined && wanted(scaling, status?.readyReplicas ?? 0) ? scaling : undefined;
    },
    stageTimeoutMs,
  );
  return found.catch((cause: unknown) => {
    throw new Error(`${(cause as Error).message}; status: ${JSON.stringify(last, null, 1)}`, { cause });
  });
}

/** Reasons and messages of the events of the pipeline, oldest first. */
export async function eventsOf(field: Field): Promise<readonly string[]> {
  const text = await field.kubectl(
    "get",
    "events",
    "--field-selector=involvedObject.kind=Pipeline",
    "--sort-by=.metadata.creationTimestamp",
    "-o",
    'jsonpath={range .items[*]}{.reason}: {.message}{"\\n"}{end}',
  );
  return text.trim().split("\n");
}
