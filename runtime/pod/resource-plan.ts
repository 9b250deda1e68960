import { bytesOf } from "../../crds/quantity.ts";
import type { Load } from "../../crds/load.ts";

/** What the pod, or the machine, has. */
export interface Limits {
  readonly memoryBytes: number;
  readonly cpus: number;
}

/** What each part may take, so that all of them together stay within the limits. */
export interface ResourcePlan {
  /** DuckDB's limit for the transform. */
  readonly transformMemoryBytes: number;
  readonly transformThreads: number;
  readonly batchBytesMax: number;
  readonly batchRecordsMax: number;
}

const mebibyte = 2 ** 20;
/** Part of the memory DuckDB may use for the transform. The sink's DuckDB takes a quarter, Node about 150 MiB. */
const transformShare = 0.4;
/** Below it DuckDB cannot read JSON at all: its reader takes 32 MiB a thread, twice. */
const transformBytesMin = 128 * mebibyte;
/** More than this per thread only buys larger sorts without spilling to disk. */
const transformBytesMaxPerThread = 1024 * mebibyte;
/** One JavaScript thread can feed two DuckDB threads; a third would wait. */
const transformThreadsMax = 2;

/** Part of the memory that batches may use, … */
const batchShare = 0.2;
/** … of which a record's byte takes this many in each batch: its chunk and its line, and its part of the hand-over files in memory. */
const bytesPerRecordByte = 3.25;
/** Bytes that a batch keeps about a record besides its own. */
const bytesPerRecord = 32;
/** Part of the memory for these. */
const recordShare = 0.1;

/** Divides the limits. The manifest's bounds hold where they fit. `batches`: so many are in memory at the same time. Pure. */
export function planResources({ memoryBytes, cpus }: Limits, load: Load, batches: 2 | 3 = 2): ResourcePlan {
  const transformThreads = Math.min(Math.max(Math.floor(cpus) - 1, 1), transformThreadsMax);
  const transformMemoryBytes = Math.min(
    Math.max(Math.floor(memoryBytes * transformShare), transformBytesMin),
    transformBytesMaxPerThread * transformThreads,
  );
  return {
    transformThreads,
    transformMemoryBytes,
    batchBytesMax: Math.min(
      bytesOf(load.upToBytes),
      Math.max(Math.floor((memoryBytes * batchShare) / (bytesPerRecordByte * batches)), mebibyte),
    ),
    batchRecordsMax: Math.min(
      load.upToRows,
      Math.max(Math.floor((memoryBytes * recordShare) / (bytesPerRecord * batches)), 1000),
    ),
  };
}

/** The limits from what Node tells: `constrained` is `process.constrainedMemory()`, which is 0 or beyond the machine where nothing limits it. */
export function limitsOf(machine: { constrained: number; total: number; cpus: number }): Limits {
  const { constrained, total, cpus } = machine;
  return { memoryBytes: constrained > 0 && constrained < total ? constrained : total, cpus };
}
