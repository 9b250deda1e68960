import { integer, number, object, optional, string } from "../schema.ts";
import { conditions } from "./condition.ts";

/** Status of a Pipeline. Bounded: totals and the furthest-behind split, never a list of all partitions. */
export const pipelineStatus = object("What the pipeline is doing.", {
  observedGeneration: optional(integer("Generation of the spec this status is about.", { format: "int64" })),
  runningGeneration: optional(integer("Generation of the spec the pods run.", { format: "int64" })),
  image: optional(string("Image the pods run.", { maxLength: 1024 })),
  conditions: conditions("Ready, SpecValid, SourceReachable, SinkReachable, Progressing, Draining."),
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
    }),
  ),
  lastLoadTime: optional(string("When rows were last loaded.", { format: "date-time" })),
  positions: optional(
    object("Where the splits stand, in brief.", {
      splits: optional(integer("Splits owned by the pods.", { format: "int32" })),
      furthestBehind: optional(string("The split with the most lag.", { maxLength: 1024 })),
      furthestBehindRecords: optional(integer("Its lag in records.", { format: "int64" })),
    }),
  ),
});
