import pino from "pino";
import { Registry } from "prom-client";
import { PipelineReport } from "../../../../runtime/engine/report.ts";
import { type PipelineOptions, runPipeline, type Summary } from "../../../../runtime/engine/run-pipeline.ts";
import { FakeClock } from "./fake-clock.ts";
import { MemoryDeadLetters } from "./memory-dead-letters.ts";
import { MemorySink, MemoryWarehouse } from "./memory-sink.ts";
import { MemorySource, MemoryTopics } from "./memory-source.ts";
import { MemoryTransformer, type RowStore } from "./memory-transformer.ts";

type Overrides = Partial<
  Pick<PipelineOptions, "until" | "graceMs" | "deadLetters" | "batch" | "log" | "rejectedBounds" | "tracer">
>;

/** Everything a scenario plays with: memory parts around the real engine. */
export class Stage {
  readonly clock: FakeClock;
  readonly topics: MemoryTopics;
  readonly source: MemorySource;
  readonly warehouse: MemoryWarehouse;
  readonly sink: MemorySink;
  readonly deadLetters = new MemoryDeadLetters();
  readonly transformer: MemoryTransformer;
  readonly report: PipelineReport;
  readonly registry = new Registry();
  readonly stop = new AbortController();
  readonly #store: RowStore = new Map();

  /** `beside` puts a second engine on the same topics, warehouse and clock. */
  constructor(beside?: Stage) {
    this.clock = beside?.clock ?? new FakeClock();
    this.topics = beside?.topics ?? new MemoryTopics();
    this.warehouse = beside?.warehouse ?? new MemoryWarehouse();
    this.source = new MemorySource(this.topics);
    this.sink = new MemorySink(this.warehouse, async ({ path }) => this.#store.get(path)!);
    this.transformer = new MemoryTransformer(this.#store);
    const pipeline = { namespace: "default", name: "orders" };
    this.report = new PipelineReport({ pipeline, schemaVersion: "0123456789ab", clock: this.clock, registry: this.registry });
  }

  /** Appends records numbered on from those that are there, as `{"n":0}` with a timestamp of now. */
  produce(split: string, count: number, more: (n: number) => object | null = () => ({})): void {
    const first = this.topics.splits.get(split)?.records.length ?? 0;
    const records = Array.from({ length: count }, (_, index) => {
      const members = more(first + index);
      const value = members === null ? null : JSON.stringify({ split, n: first + index, ...members });
      return { value, timestampMs: this.clock.now() };
    });
    this.topics.append(split, records);
  }

  run(overrides: Overrides = {}): Promise<Summary> {
    const { source, sink, deadLetters, report, clock } = this;
    return runPipeline({
      source,
      sink,
      deadLetters,
      output: [{ name: "n", type: "BIGINT" }],
      meta: [],
      rejectedBounds: null,
      openTransformer: async () => this.transformer,
      batch: { bytesMax: 1_000_000, recordsMax: 100, everyMs: 5000 },
      until: "stopped",
      report,
      clock,
      random: () => 1,
      loopActiveMs: () => 0,
      log: pino({ level: "silent" }),
      signal: this.stop.signal,
      graceMs: 25_000,
      ...overrides,
    });
  }

  /** The rows of the warehouse as `orders/0:17`, in order of split and number. */
  get table(): string[] {
    const rows = this.warehouse.rows as { split: string; n: number }[];
    return rows.toSorted((a, b) => a.split.localeCompare(b.split) || a.n - b.n).map(({ split, n }) => `${split}:${n}`);
  }

  condition(type: string): { status: string; reason: string; message: string } | undefined {
    return this.report.status().conditions.find((condition) => condition.type === type);
  }
}

/** `orders/0:0` to `orders/0:count-1`. */
export const numbered = (split: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${split}:${n}`);
