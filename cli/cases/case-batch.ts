import { Batch } from "../../runtime/component/batch.ts";
import type { Chunk, Format, Original, RecordView } from "../../runtime/component/record.ts";
import type { MetaColumn } from "../../transform/column.ts";
import type { CaseRecord } from "./test-case.ts";

/** A record of a case as it goes into the format. */
export interface CaseInput {
  readonly record: CaseRecord;
  /** null: a tombstone. */
  readonly value: Buffer | null;
}

/** The batch of a case's records, and which input each of its records is, counted from 1. */
export interface CaseBatch {
  readonly batch: Batch;
  readonly inputs: readonly number[];
}

/** How records become a batch. */
export interface CaseBatchOptions {
  readonly format: Format;
  readonly meta: readonly MetaColumn[];
  /** What becomes of records without a value. */
  readonly tombstones: "skip" | "keep" | "reject";
  /** Topic of the records that name none. */
  readonly topic: string;
}

/** A case is written by hand: it stays far below. */
const bytesMax = 256 * 1024 * 1024;

/** Puts a case's records into one batch, the way a source does. */
export async function caseBatch(records: readonly CaseInput[], options: CaseBatchOptions): Promise<CaseBatch> {
  const batch = new Batch(options.meta, { bytesMax, recordsMax: records.length + 1 });
  const inputs: number[] = [];
  for (const [at, input] of records.entries()) {
    if (input.value === null && options.tombstones === "skip") {
      batch.skip();
      continue;
    }
    const view = recordView(input, options.topic);
    if (input.value === null && options.tombstones === "reject") batch.reject(view, "the record has no value (a tombstone)");
    else if (!batch.append(view, options.format)) {
      await options.format.prepare?.(view);
      batch.append(view, options.format);
    }
    inputs.push(at + 1);
  }
  return { batch, inputs };
}

function recordView({ record, value }: CaseInput, topic: string): RecordView {
  const key = record.key ?? Buffer.alloc(0);
  const bytes = Buffer.concat([key, value ?? Buffer.alloc(0)]);
  return {
    chunk: chunkOf(record, value),
    start: 0,
    bytes,
    keyStart: record.key === null ? -1 : 0,
    keyEnd: record.key === null ? -1 : key.length,
    valueStart: value === null ? -1 : key.length,
    valueEnd: value === null ? -1 : bytes.length,
    topic: record.topic ?? topic,
    partition: record.partition,
    offset: record.offset,
    timestampMs: record.timestampMs,
  };
}

function chunkOf({ key, headers }: CaseRecord, value: Buffer | null): Chunk {
  const original: Original = {
    key,
    value,
    headers: Object.entries(headers).map(([name, text]) => ({ name, value: text === null ? null : Buffer.from(text) })),
  };
  return { byteLength: value?.length ?? 0, original: () => original };
}
