import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Sink } from "../../../../runtime/component/sink.ts";
import { openDuckdbSink } from "../../../../runtime/sinks/duckdb/duckdb-sink.ts";
import { openFilesSink } from "../../../../runtime/sinks/files/files-sink.ts";
import type { Column } from "../../../../transform/column.ts";
import type { Rows } from "../../../../transform/rows.ts";
import { openRowsMaker } from "../rows-file.ts";
import { sinkContext } from "../sink-context.ts";

/** What the writer writes: per split a row for each number from 0 on. The text makes DuckDB move its log into the file often. */
export const columns: readonly Column[] = [
  { name: "split", type: "INTEGER" },
  { name: "n", type: "BIGINT" },
  { name: "text", type: "VARCHAR" },
];
/** What it takes over and moves. */
export const splits = ["orders/0", "orders/1", "orders/2"] as const;
const textLength = 1000;
const load = { everySeconds: 5, upToBytes: "32Mi", upToRows: 200_000 };

/** Which sink it writes to. */
export type SinkKind = "duckdb" | "files";

/** The sink under test in this directory; every process opens it alike. */
export function openSink(kind: SinkKind, directory: string): Promise<Sink> {
  const context = sinkContext(directory);
  if (kind === "files") return openFilesSink({ directory: "out", load }, context);
  return openDuckdbSink(
    { path: "w.duckdb", schema: "main", table: "numbers", mode: { append: {} }, schemaEvolution: "none", load },
    context,
  );
}

/** Writes batches as fast as it can until somebody stops it, saying each one that was answered `written`. Deterministic in its seed. */
async function writeForever(kind: SinkKind, directory: string, seed: number): Promise<string> {
  let state = seed;
  const random = (below: number): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) % below;
  const scratch = await mkdtemp(join(directory, "scratch-"));
  using maker = await openRowsMaker(scratch);
  await using sink = await openSink(kind, directory);
  console.log("opening");
  await sink.prepare(columns);
  const positions = await sink.restore(splits);
  const stands = splits.map((split) => (positions.get(split)?.["offset"] as number | undefined) ?? null);
  console.log(`restored ${JSON.stringify(stands)}`);
  for (;;) {
    const first = random(splits.length);
    const moving = splits.map((_, at) => at).filter((at) => at === first || random(2) === 0);
    const moves = moving.map((at) => ({ at, from: stands[at]!, to: (stands[at] ?? 0) + random(400) + 1 }));
    const parts = moves.map(
      ({ at, from, to }) =>
        `SELECT ${at} AS split, i AS n, repeat(chr(65 + (i % 26)::INTEGER), ${textLength}) AS text FROM range(${from ?? 0}, ${to}) r(i)`,
    );
    const rows = random(8) === 0 ? null : await maker.rows(parts.join(" UNION ALL "), columns);
    const to = rows === null ? moves.map((move) => ({ ...move, to: move.from ?? 0 })) : moves;
    const answer = await sink.write(
      rows,
      to.map(({ at, from, to }) => ({ split: splits[at]!, from: from === null ? null : { offset: from }, to: { offset: to } })),
    );
    if (rows !== null) await rm(rows.path);
    if (answer.kind === "conflict") return `conflict ${JSON.stringify(answer.splits)}`;
    for (const { at, to: offset } of to) stands[at] = offset;
    console.log(`written ${JSON.stringify(stands)}`);
  }
}

/** Writes these rows, made by somebody else, as the first of split 0. */
async function writeOnce(kind: SinkKind, directory: string, rows: Rows): Promise<string> {
  await using sink = await openSink(kind, directory);
  await sink.prepare(columns);
  await sink.restore(splits);
  const { kind: answer } = await sink.write(rows, [{ split: splits[0], from: null, to: { offset: rows.count } }]);
  return answer;
}

if (import.meta.main) {
  const [kind, directory, seed, rows] = process.argv.slice(2) as [SinkKind, string, string, string?];
  try {
    console.log(
      rows === undefined
        ? await writeForever(kind, directory, Number(seed))
        : await writeOnce(kind, directory, JSON.parse(rows) as Rows),
    );
  } catch (error) {
    console.log(`failed ${(error as Error).name}: ${(error as Error).message}`);
  }
}
