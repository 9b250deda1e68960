/** How a source stands, as the probe tells it: see ProbedSource in runtime/probe/probe-message.ts. */
export interface ProbedSource {
  /** Records behind what the consumer group has committed; null: there is no telling. */
  readonly lagRecords: number | null;
  readonly partitions: number;
  /** Sum of the partitions' ends. */
  readonly ends: number;
}

/** One answer: to which question, and what it is. */
export interface ProbeAnswer {
  readonly id: string;
  readonly source: ProbedSource | null;
  /** Why there is no answer; empty where there is one. */
  readonly error: string;
}

/** Longest text of an error that is kept, in characters: it goes into a condition, and brokers may be wordy. */
const errorCharsMax = 500;

/** Reads a line of the probe. Null where it is no answer. */
export function parseAnswer(line: string): ProbeAnswer | null {
  const value = parsed(line);
  if (typeof value !== "object" || value === null || !("id" in value) || typeof value.id !== "string") return null;
  const { id } = value;
  if ("error" in value)
    return typeof value.error === "string" ? { id, source: null, error: value.error.slice(0, errorCharsMax) } : null;
  const { lagRecords, partitions, ends } = value as { readonly [name: string]: unknown };
  if (!isCount(partitions) || !isCount(ends) || !(lagRecords === null || isCount(lagRecords))) return null;
  return { id, source: { lagRecords, partitions, ends }, error: "" };
}

const isCount = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value) && value >= 0;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
