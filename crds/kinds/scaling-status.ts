import { integer, list, number, object, optional, type Static, string } from "../schema.ts";

const replicas = (what: string) => integer(what, { format: "int32" });
const perSecond = (what: string) => optional(number(`${what}, records per second.`));

/** What the autoscaler decided, from which numbers, and what held it. */
export const scalingStatus = object("What the autoscaler decided and why.", {
  replicas: replicas("Pods that are to run. With `mode: recommend`: that would."),
  limiter: string("What the number follows from, or what holds it, in CamelCase: Demand, Minimum, Maximum, Partitions, …", {
    maxLength: 64,
  }),
  message: string("The same in a sentence.", { maxLength: 1024 }),
  decidedTime: optional(string("When the number last changed.", { format: "date-time" })),
  bounds: optional(
    object("Between which numbers it may choose now.", {
      min: replicas("Fewest."),
      max: replicas("Most."),
      window: optional(string("The window they come from.", { maxLength: 256 })),
    }),
  ),
  terms: optional(
    object("Terms of the formula: demand = arrivals / utilization + behind / catchUp + arrivals * rebalance / catchUp.", {
      partitions: optional(replicas("Partitions of the source.")),
      arrivalsPerSecond: perSecond("What arrives at the source"),
      hottestPerSecond: perSecond("What arrives at the partition at which most arrives"),
      capacityPerSecond: perSecond("What one pod can carry"),
      demandPerSecond: perSecond("What all pods together should be able to carry"),
      lagRecords: optional(integer("Records not yet loaded.", { format: "int64" })),
      behindRecords: optional(
        integer("Of them, those to be caught up: all but what arrives within half of `targetLagSeconds`.", { format: "int64" }),
      ),
      lagSeconds: optional(number("Age of the oldest record not yet loaded.")),
      busyFraction: optional(number("Part of the time that the pods work, between 0 and 1.")),
      sinkWaitFraction: optional(number("Part of the time that they wait for the sink, between 0 and 1.")),
      utilization: optional(number("What part of its capacity a pod is to use in the long run.")),
      catchUpSeconds: optional(number("Within how long a lag is to be caught up.")),
      rebalanceSeconds: optional(number("How long a change of the number of pods stops them, as measured.")),
      rawReplicas: optional(number("Pods that the demand comes to.")),
      alignedReplicas: optional(replicas("The next number of pods at which the fullest has fewer partitions.")),
    }),
  ),
  decisions: optional(
    list(
      "The last changes, newest first.",
      object("A change.", {
        time: string("When.", { format: "date-time" }),
        from: replicas("Pods before."),
        to: replicas("Pods after."),
        reason: string("Why, in CamelCase.", { maxLength: 64 }),
        message: string("Why, in a sentence.", { maxLength: 512 }),
      }),
      { maxItems: 5 },
    ),
  ),
  memory: optional(string("What an operator that starts again has to know to go on. Not for reading.", { maxLength: 2048 })),
});
export type ScalingStatus = Static<typeof scalingStatus>;
