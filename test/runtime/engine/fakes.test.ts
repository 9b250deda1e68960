import type { Rows } from "../../../transform/rows.ts";
import { deadLettersContract } from "../../contract/dead-letters.ts";
import { type Row, rowColumns, sinkContract } from "../../contract/sink.ts";
import { sourceContract } from "../../contract/source.ts";
import { MemoryDeadLetters } from "./fakes/memory-dead-letters.ts";
import { MemorySink, MemoryWarehouse } from "./fakes/memory-sink.ts";
import { MemorySource, MemoryTopics } from "./fakes/memory-source.ts";

for (const bounded of [true, false]) {
  sourceContract(`the ${bounded ? "bounded" : "unbounded"} source of the engine's tests`, async () => {
    const topics = new MemoryTopics();
    for (const id of ["orders/0", "orders/1"]) topics.add(id);
    return {
      bounded,
      open: async (format) => {
        if (bounded) topics.end();
        return new MemorySource(topics, format);
      },
      produce: async (stream, texts) =>
        topics.append(
          `orders/${stream}`,
          texts.map((value) => ({ value, timestampMs: 1_767_225_600_000 })),
        ),
      split: (stream) => `orders/${stream}`,
      [Symbol.asyncDispose]: async () => {},
    };
  });
}

sinkContract("the sink of the engine's tests", async () => {
  const warehouse = new MemoryWarehouse();
  const store = new Map<string, readonly Row[]>();
  return {
    open: async () => new MemorySink(warehouse, async ({ path }) => store.get(path)!),
    rows: async (rows): Promise<Rows> => {
      const path = `memory:${store.size}`;
      store.set(path, rows);
      return { path, count: rows.length, bytes: 1, columns: rowColumns };
    },
    table: async () => warehouse.rows as readonly Row[],
    [Symbol.asyncDispose]: async () => {},
  };
});

deadLettersContract("the dead letters of the engine's tests", {
  place: async () => {
    const deadLetters = new MemoryDeadLetters();
    return { open: async () => deadLetters, letters: async () => deadLetters.letters, [Symbol.asyncDispose]: async () => {} };
  },
});
