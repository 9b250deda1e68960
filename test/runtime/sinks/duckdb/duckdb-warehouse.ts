import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance, type Json } from "@duckdb/node-api";
import type { DuckdbSink } from "../../../../crds/connectors/duckdb.ts";
import type { Sink } from "../../../../runtime/component/sink.ts";
import { openDuckdbSink } from "../../../../runtime/sinks/duckdb/duckdb-sink.ts";
import { sinkContext } from "../sink-context.ts";
import { openRowsMaker, type RowsMaker } from "../rows-file.ts";

/** The manifest's defaults. */
const load = { everySeconds: 5, upToBytes: "32Mi", upToRows: 200_000 };

/** A database file in a temporary directory, and sinks on it. */
export interface Warehouse extends AsyncDisposable {
  readonly directory: string;
  readonly path: string;
  readonly maker: RowsMaker;
  open(spec?: Partial<DuckdbSink>): Promise<Sink>;
  /** Runs SQL on the file, as any other user of the process would. */
  query(sql: string): Promise<Json[][]>;
}

/** Makes the temporary directory; disposing of it closes its sinks and removes it. */
export async function openWarehouse(fileName = "warehouse.duckdb"): Promise<Warehouse> {
  const directory = await mkdtemp(join(tmpdir(), "snowline-duckdb-sink-"));
  const path = join(directory, fileName);
  const maker = await openRowsMaker(directory);
  const opened: Sink[] = [];
  return {
    directory,
    path,
    maker,
    async open(spec = {}) {
      const full = {
        path: fileName,
        schema: "main",
        table: "orders",
        mode: { append: {} },
        schemaEvolution: "none",
        load,
        ...spec,
      } as DuckdbSink;
      const sink = await openDuckdbSink(full, sinkContext(directory));
      opened.push(sink);
      return sink;
    },
    async query(sql) {
      const instance = await DuckDBInstance.fromCache(path);
      const connection = await instance.connect();
      try {
        return (await connection.runAndReadAll(sql)).getRowsJson();
      } finally {
        connection.closeSync();
        instance.closeSync();
      }
    },
    async [Symbol.asyncDispose]() {
      for (const sink of opened) await sink[Symbol.asyncDispose]();
      maker[Symbol.dispose]();
      await rm(directory, { recursive: true });
    },
  };
}
