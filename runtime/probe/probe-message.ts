import type { ConnectionSpec } from "../../crds/kinds/connection.ts";
import type { PipelineSpec } from "../../crds/kinds/pipeline.ts";

/** What is asked of a source: one JSON object a line on the probe's standard input. */
export interface ProbeQuestion {
  /** Comes back with the answer; answers come in any order. At most 256 characters. */
  readonly id: string;
  /** Of whom: names the consumer group where the source does not. */
  readonly pipeline: { readonly namespace: string; readonly name: string };
  /** `spec.source` of the pipeline. */
  readonly source: PipelineSpec["source"];
  /** Spec of the Connection that the source names. */
  readonly connection: ConnectionSpec;
  /**
   * What the Connection refers to, in base64, by `secret/<name>/<key>` or `configMap/<name>/<key>`. Kept in memory for as long as the
   * connection is, and never told again.
   */
  readonly files: Readonly<Record<string, string>>;
}

/** How a source stands. */
export interface ProbedSource {
  readonly id: string;
  /**
   * Committed records behind what the consumer group has committed, over all partitions; a partition of which nothing is committed
   * counts from its beginning. Null: there is no telling, because a partition has nothing committed and `startFrom` is not `earliest`.
   */
  readonly lagRecords: number | null;
  /** Of all topics of the source; 0 where a pattern matches none yet. */
  readonly partitions: number;
  /** Sum of the partitions' ends: what it grows by has arrived meanwhile. It falls where a topic is deleted or made again. */
  readonly ends: number;
}

/** A question that has no answer now. */
export interface ProbeFailure {
  readonly id: string;
  /** Why, in a sentence that holds no secret, with what to do about it. */
  readonly error: string;
}

/** What the probe answers to a question: one JSON object a line on its standard output. Each question has exactly one answer, within `probeDeadlineMs` of being read. */
export type ProbeAnswer = ProbedSource | ProbeFailure;

/** Longest a question may wait for its answer, in milliseconds: a broker that is up answers in a few, one that is down is worth no longer wait. */
export const probeDeadlineMs = 15_000;
/** Longest line of a question, in bytes: a Secret has a mebibyte, a third more in base64, and a Connection refers to a handful of small ones. */
export const questionBytesMax = 4 * 2 ** 20;
