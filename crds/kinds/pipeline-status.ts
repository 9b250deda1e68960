import { boolean, integer, number, object, optional, type Static, string } from "../schema.ts";
import { scalingStatus } from "./scaling-status.ts";
import { conditions } from "./condition.ts";

/** Status of a Pipeline. Bounded: totals and the furthest-behind split, never a list of all partitions. */
export const pipelineStatus = object("What the pipeline is doing.", {
  observedGeneration: optional(integer("Generation of the spec this status is about.", { format: "int64" })),
  runningGeneration: optional(integer("Generation of the spec the pods run.", { format: "int64" })),
  revision: optional(string("The revision the pods are to run: ends the name of its ConfigMap.", { maxLength: 63 })),
  rolloutStartTime: optional(
    string("When the pods began to be rolled to `revision`; absent once it is proven.", { format: "date-time" }),
  ),
  provenRevision: optional(
    string("The last revision whose pods read, transformed and loaded: what a failed rollout goes back to.", { maxLength: 63 }),
  ),
  failedRollout: optional(
    object("The rollout that was taken back. It is tried again when the spec or what it refers to changes.", {
      revision: string("Its revision.", { maxLength: 63 }),
      generation: integer("Generation of the spec it was made from.", { format: "int64" }),
      time: string("When it was taken back.", { format: "date-time" }),
      reason: string("Why, in CamelCase.", { maxLength: 1024 }),
      message: string("Why, in a sentence, with what to do.", { maxLength: 4096 }),
      compared: boolean(
        "Whether pods of the last good spec were well meanwhile. Where none were there to compare with, it is tried once more when they are.",
      ),
    }),
  ),
  drained: optional(
    boolean("Suspended or scaled to zero: true once all that was read is loaded or given up whole, and no pod is left."),
  ),
  image: optional(string("Image the pods run.", { maxLength: 1024 })),
  conditions: conditions(
    "Ready, SpecValid, ReferencesResolved, Progressing, Available, SourceReachable, SourceAsExpected, SinkReachable, DeadLettersReachable, LookupsFresh, QualityAsExpected, Scaling, Draining.",
  ),
  pods: optional(string("Pods that are ready, of those wanted: `2/3`.", { maxLength: 32 })),
  replicas: optional(integer("Pods that exist.", { format: "int32" })),
  readyReplicas: optional(integer("Pods that read and can load.", { format: "int32" })),
  selector: optional(string("Label selector of the pods, for the scale subresource.", { maxLength: 1024 })),
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
      counted: optional(
        string(
          "What of each pod that runs is in the sums (read/loaded/rejected), so that an operator that starts again goes on from there.",
          { maxLength: 8192 },
        ),
      ),
    }),
  ),
  scaling: optional(scalingStatus),
  lastLoadTime: optional(string("When rows were last loaded.", { format: "date-time" })),
  positions: optional(
    object("Where the splits stand, in brief.", {
      splits: optional(integer("Splits owned by the pods.", { format: "int32" })),
      furthestBehind: optional(string("The split with the most lag.", { maxLength: 1024 })),
      furthestBehindRecords: optional(integer("Its lag in records.", { format: "int64" })),
    }),
  ),
});
/** What the operator writes onto a Pipeline. */
export type PipelineStatus = Static<typeof pipelineStatus>;
