import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Json } from "@duckdb/node-api";
import type { Sink } from "../../../../runtime/component/sink.ts";
import { openFilesSink } from "../../../../runtime/sinks/files/files-sink.ts";
import { openRowsMaker, type RowsMaker } from "../rows-file.ts";
import { sinkContext } from "../sink-context.ts";

const load = { everySeconds: 5, upToBytes: "32Mi", upToRows: 200_000 };

/** An output directory in a temporary one, and sinks on it. */
export interface ParquetDirectory extends AsyncDisposable {
  readonly directory: string;
  readonly maker: RowsMaker;
  open(name?: string): Promise<Sink>;
  /** Names that readers see. */
  visible(): Promise<readonly string[]>;
  /** Runs SQL over all the visible files as table `files`. */
  query(sql: string): Promise<Json[][]>;
}

/** Makes the temporary directory; disposing of it removes it. */
export async function openParquetDirectory(): Promise<ParquetDirectory> {
  const root = await mkdtemp(join(tmpdir(), "snowline-files-sink-"));
  const directory = join(root, "out", "orders");
  const maker = await openRowsMaker(root);
  const visible = async () => (await readdir(directory)).filter((name) => name.endsWith(".parquet"));
  return {
    directory,
    maker,
    open: (name = "orders") =>
      openFilesSink({ directory: join("out", "orders"), load }, sinkContext(root, { namespace: "shop", name })),
    visible,
    async query(sql) {
      if ((await visible()).length === 0) return [];
      const files = `read_parquet('${directory}/*.parquet', union_by_name = true, filename = true)`;
      return (await maker.connection.runAndReadAll(`WITH files AS (FROM ${files}) ${sql}`)).getRowsJson();
    },
    async [Symbol.asyncDispose]() {
      maker[Symbol.dispose]();
      await rm(root, { recursive: true });
    },
  };
}
