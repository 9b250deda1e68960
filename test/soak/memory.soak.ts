import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";

/** Ten times what fits into the bound. */
const records = 4_000_000;
/** What a pod's memory limit of a gibibyte leaves after its memory-backed scratch, in bytes. */
const residentBytesMax = 700 * 2 ** 20;
/** How often the process is looked at, in milliseconds. */
const lookMs = 200;

async function writeOrders(path: string): Promise<void> {
  const file = createWriteStream(path);
  const filler = "x".repeat(150);
  for (let from = 0; from < records; from += 1000) {
    const lines = Array.from({ length: 1000 }, (_, index) => {
      const n = from + index;
      return `{"order_id":"o-${n}","customer":"c-${n % 9973}","amount":"${n % 1000}.${String(n % 100).padStart(2, "0")}","status":"${n % 3 === 0 ? "open" : "paid"}","note":"${filler}"}\n`;
    });
    if (!file.write(lines.join(""))) await once(file, "drain");
  }
  file.end();
  await once(file, "finish");
}

/** Resident memory at its highest, in bytes: `VmHWM` of the process. */
async function peakBytes({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}

test.runIf(process.platform === "linux")(
  "four million records stay within the memory bound from the first to the last",
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "snowline-memory-"));
    try {
      await mkdir(join(directory, "scratch"));
      await writeOrders(join(directory, "orders.jsonl"));
      const columns = { order_id: "VARCHAR", customer: "VARCHAR", amount: "DECIMAL(18,2)", status: "VARCHAR" };
      const pipeline = {
        apiVersion: "snowline.dev/v1alpha1",
        kind: "Pipeline",
        metadata: { name: "memory" },
        spec: {
          source: { files: { paths: ["orders.jsonl"], format: { json: { columns } } } },
          transform: { sql: "SELECT order_id, sha256(customer) AS customer, amount FROM source WHERE status = 'paid'" },
          sink: { duckdb: { path: "orders.duckdb", table: "orders" } },
        },
      };
      const path = join(directory, "pipeline.json");
      await writeFile(path, JSON.stringify({ pipeline, connections: [] }));
      const args = [
        "runtime/main.ts",
        "--pipeline",
        path,
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--scratch",
        join(directory, "scratch"),
      ];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
      const exited = once(child, "exit");
      let peak = 0;
      while (child.exitCode === null) {
        peak = Math.max(peak, await peakBytes(child));
        await sleep(lookMs);
      }
      expect(await exited).toEqual([0, null]);
      process.stdout.write(`peak resident memory: ${Math.round(peak / 2 ** 20)} MiB\n`);
      expect(JSON.parse(output.trim().split("\n").at(-1)!)).toMatchObject({
        msg: "pipeline ended",
        recordsRead: records,
        recordsRejected: 0,
      });
      expect(peak).toBeGreaterThan(0);
      expect(peak).toBeLessThan(residentBytesMax);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
);
