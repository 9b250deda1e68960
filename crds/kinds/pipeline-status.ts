import { integer, list, number, object, optional, type Static, string } from "../schema.ts";
import { choice } from "../schema.ts";

/** A Kubernetes condition (meta/v1 Condition). */
const condition = object("One observation about the pipeline.", {
  type: string("What was observed, in CamelCase.", { maxLength: 316 }),
  status: choice("Whether it holds.", "True", "False", "Unknown"),
  observedGeneration: optional(integer("Generation of the spec it was observed on.", { minimum: 0, format: "int64" })),
  lastTransitionTime: string("When `status` last changed.", { format: "date-time" }),
  reason: string("Why, in CamelCase.", { minLength: 1, maxLength: 1024, pattern: "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$" }),
  message: string("Why, in a sentence, with what to do.", { maxLength: 32_768 }),
});
export type Condition = Static<typeof condition>;

/** Status of a Pipeline. Bounded: totals and the furthest-behind split, never a list of all partitions. */
export const pipelineStatus = object("What the pipeline is doing.", {
  observedGeneration: optional(integer("Generation of the spec this status is about.", { format: "int64" })),
  runningGeneration: optional(integer("Generation of the spec the pods run.", { format: "int64" })),
  image: optional(string("Image the pods run.")),
  conditions: optional(
    list("Conditions: Ready, SpecValid, SourceReachable, SinkReachable, Progressing, Draining.", condition, {
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["type"],
      maxItems: 16,
    }),
  ),
  replicas: optional(integer("Pods that exist.", { format: "int32" })),
  readyReplicas: optional(integer("Pods that read and can load.", { format: "int32" })),
  selector: optional(string("Label selector of the pods, for the scale subresource.")),
  lag: optional(
    object("How far the table is behind the source.", {
      records: optional(integer("Records not yet loaded.", { format: "int64" })),
      seconds: optional(number("Age of the oldest record not yet loaded.")),
    }),
  ),
  rates: optional(
    object("Averages over the last minute.", {
      recordsPerSecond: optional(number("Records read.")),
      rowsPerSecond: optional(number("Rows loaded.")),
    }),
  ),
  totals: optional(
    object("Sums over the pipeline's life, as far as its pods told.", {
      recordsRead: optional(integer("Records read.", { format: "int64" })),
      rowsLoaded: optional(integer("Rows loaded.", { format: "int64" })),
      recordsRejected: optional(integer("Records sent to the dead letters.", { format: "int64" })),
    }),
  ),
  lastLoadTime: optional(string("When rows were last loaded.", { format: "date-time" })),
  positions: optional(
    object("Where the splits stand, in brief.", {
      splits: optional(integer("Splits owned by the pods.", { format: "int32" })),
      furthestBehind: optional(string("The split with the most lag.")),
      furthestBehindRecords: optional(integer("Its lag in records.", { format: "int64" })),
    }),
  ),
});
export type PipelineStatus = Static<typeof pipelineStatus>;
