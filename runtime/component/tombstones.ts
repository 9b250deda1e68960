import type { KafkaSource } from "../../crds/connectors/kafka.ts";
import type { Batch } from "./batch.ts";
import type { RecordView } from "./record.ts";

/** What the manifest makes of records without a value: `source.kafka.tombstones`. */
export type Tombstones = KafkaSource["tombstones"];

/**
 * Leaves a tombstone out of the batch, or refuses it, where the manifest says so. False: nothing happened, and the record is
 * to be appended like any other, because it has a value or tombstones are kept.
 */
export function passTombstone(record: RecordView, into: Batch, tombstones: Tombstones): boolean {
  if (record.valueStart >= 0) return false;
  switch (tombstones) {
    case "skip":
      into.skip();
      return true;
    case "reject":
      into.reject(record, "tombstone: the record has no value, and source.kafka.tombstones is reject");
      return true;
    case "keep":
      return false;
    default:
      return tombstones satisfies never;
  }
}
