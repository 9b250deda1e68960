import { Terminal } from "../component/errors.ts";
import type { Position } from "../component/position.ts";

/** Where a Kafka partition stands: its topic's id, so that a topic made again is noticed, and the next offset. */
export interface KafkaPosition extends Position {
  readonly topicId: string;
  readonly offset: number;
}

/** A stored position. Throws Terminal where it is not one of ours: then the warehouse holds another pipeline's. */
export function kafkaPosition(split: string, position: Position): KafkaPosition {
  const { topicId, offset } = position;
  if (typeof topicId === "string" && typeof offset === "number" && Number.isSafeInteger(offset) && offset >= 0)
    return { topicId, offset };
  const text = JSON.stringify(position);
  throw new Terminal(
    "PositionUnfit",
    `${split}: the stored position ${text} is none of a Kafka partition. Was the table loaded by another pipeline?`,
  );
}
