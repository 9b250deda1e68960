import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startReceiver } from "./lineage/receiver.ts";
import { startOtlpReceiver } from "./tracing/otlp-receiver.ts";

let directory = "";
let pod: ChildProcess | null = null;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "snowline-tells-"));
  await mkdir(join(directory, "scratch"));
});
afterEach(async () => {
  pod?.kill("SIGKILL");
  pod = null;
  await rm(directory, { recursive: true, force: true });
});

/** Starts a pod's process over 100 records, of which every `badEvery`th fits no column. */
async function startPod(
  more: object,
  badEvery: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<ChildProcess> {
  const lines = Array.from({ length: 100 }, (_, n) => JSON.stringify({ n: n % badEvery === 0 ? "none" : n }));
  await writeFile(join(directory, "in.jsonl"), `${lines.join("\n")}\n`);
  const pipeline = {
    apiVersion: "snowline.dev/v1alpha1",
    kind: "Pipeline",
    metadata: { name: "numbers" },
    spec: {
      source: { files: { paths: ["in.jsonl"], pollSeconds: 1, format: { json: { columns: { n: "INTEGER" } } } } },
      sink: { duckdb: { path: "out.duckdb", table: "numbers", load: { everySeconds: 1 } } },
      deadLetter: { files: { directory: "letters" } },
      ...more,
    },
  };
  await writeFile(join(directory, "pipeline.json"), JSON.stringify({ pipeline, connections: [] }));
  const files = { pipeline: "pipeline.json", scratch: "scratch", "termination-log": "termination-log" };
  const flags = Object.entries(files).flatMap(([flag, name]) => [`--${flag}`, join(directory, name)]);
  const args = ["runtime/main.ts", "--port", "0", "--host", "127.0.0.1", ...flags];
  pod = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...environment } });
  return pod;
}

/** Resolves once the pod has logged this. */
async function logged(child: ChildProcess, message: string): Promise<void> {
  let output = "";
  for await (const chunk of child.stdout!) {
    output += String(chunk);
    if (output.includes(message)) break;
  }
  expect(output).toContain(message);
}

test("a pod tells its lineage and its traces, to the end", async () => {
  await using lineage = await startReceiver();
  await using traces = await startOtlpReceiver();
  const more = { lineage: { openLineage: { url: lineage.url } } };
  // On a machine that is busy with other tests an answer may take its time.
  const patient = { OTEL_EXPORTER_OTLP_TIMEOUT: "30000", OTEL_BSP_SCHEDULE_DELAY: "100" };
  const child = await startPod(more, 1000, { OTEL_EXPORTER_OTLP_ENDPOINT: traces.url, ...patient });
  child.stdout!.resume();
  await expect.poll(() => traces.spans.length, { timeout: 50_000 }).toBeGreaterThan(0);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(lineage.events.map(({ eventType }) => eventType)).toEqual(["START", "COMPLETE"]);
  expect(lineage.events[1]?.outputs[0]?.outputFacets).toMatchObject({ outputStatistics: { rowCount: 99 } });
  expect(traces.spans.find(({ parentId }) => parentId === "")?.attributes).toMatchObject({ "snowline.rows": 99 });
}, 90_000);

test("a pod whose receivers hang ends in time, with everything loaded", async () => {
  await using lineage = await startReceiver();
  await using traces = await startOtlpReceiver();
  lineage.answers = null;
  traces.answers = null;
  const more = { lineage: { openLineage: { url: lineage.url } } };
  const child = await startPod(more, 1000, { OTEL_EXPORTER_OTLP_ENDPOINT: traces.url, OTEL_BSP_SCHEDULE_DELAY: "100" });
  child.stdout!.resume();
  await expect.poll(() => traces.requests.length, { timeout: 50_000 }).toBeGreaterThan(0);
  const toldMs = performance.now();
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
  // By themselves they would have been waited for ten seconds each.
  expect(performance.now() - toldMs).toBeLessThan(9000);
}, 90_000);

test("a pod that stops above quality.rejected.stopAbove says so at its end, and stops there again", async () => {
  const more = { quality: { rejected: { stopAbove: 0.1, atLeastRecords: 50 } } };
  for (let start = 0; start < 2; start++) {
    const child = await startPod(more, 4);
    child.stdout!.resume();
    expect(await once(child, "exit")).toEqual([3, null]);
    expect(JSON.parse(await readFile(join(directory, "termination-log"), "utf8"))).toEqual({
      reason: "TooManyRejected",
      message: expect.stringContaining("rejected: 25 of 100 records (25.0 %)") as string,
    });
    expect(await readdir(join(directory, "letters"))).toEqual([]);
  }
}, 90_000);

test("a pod that gathers says that it drops what it gathered when it is told to end", async () => {
  const child = await startPod({ quality: { rejected: { stopAbove: 0.1, atLeastRecords: 1000 } } }, 4);
  await logged(child, "too few records to judge");
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(JSON.parse(await readFile(join(directory, "termination-log"), "utf8"))).toMatchObject({ reason: "NotDrained" });
  expect(await readdir(join(directory, "letters"))).toEqual([]);
});
