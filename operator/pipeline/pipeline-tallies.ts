import { keyText, type ObjectKey } from "../kube/object-key.ts";

/** What is counted of a pipeline, since this process began. */
export interface Tally {
  readonly scaledUp: number;
  readonly scaledDown: number;
  readonly probeFailures: number;
}

/** Counts by pipeline. One that is gone is forgotten, so that there are never more than pipelines. */
export interface PipelineTallies {
  scaled(pipeline: ObjectKey, direction: "up" | "down"): void;
  /** Its source was asked while no pod ran, and did not answer. */
  probeFailed(pipeline: ObjectKey): void;
  forget(pipeline: ObjectKey): void;
  of(pipeline: ObjectKey): Tally;
}

const nothing: Tally = { scaledUp: 0, scaledDown: 0, probeFailures: 0 };

/** Nothing is counted yet. */
export function createPipelineTallies(): PipelineTallies {
  const tallies = new Map<string, Tally>();
  const of = (pipeline: ObjectKey): Tally => tallies.get(keyText(pipeline)) ?? nothing;
  const count = (pipeline: ObjectKey, name: keyof Tally): void => {
    const tally = of(pipeline);
    tallies.set(keyText(pipeline), { ...tally, [name]: tally[name] + 1 });
  };
  return {
    scaled: (pipeline, direction) => count(pipeline, direction === "up" ? "scaledUp" : "scaledDown"),
    probeFailed: (pipeline) => count(pipeline, "probeFailures"),
    forget: (pipeline) => void tallies.delete(keyText(pipeline)),
    of,
  };
}
