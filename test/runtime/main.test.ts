import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { duckdbTable } from "../e2e/exactly-once/table.ts";
import { smallColumns, smallSql, writeSmallTopic } from "../e2e/exactly-once/topic.ts";

let directory = "";
let children: ChildProcess[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "snowline-pod-"));
  await mkdir(join(directory, "scratch"));
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children = [];
  await rm(directory, { recursive: true, force: true });
});

const pipeline = {
  apiVersion: "snowline.dev/v1alpha1",
  kind: "Pipeline",
  metadata: { name: "small" },
  spec: {
    source: { files: { paths: ["topic/*.jsonl"], pollSeconds: 1, format: { json: { columns: smallColumns } } } },
    transform: { sql: smallSql },
    sink: { duckdb: { path: "small.duckdb", table: "small", load: { everySeconds: 1 } } },
    deadLetter: { files: { directory: "letters" } },
  },
};

/** Starts a pod's process. */
async function startPod(content: object): Promise<{ readonly child: ChildProcess; output(): string }> {
  const path = join(directory, "pipeline.json");
  await writeFile(path, JSON.stringify(content));
  const args = [
    "runtime/main.ts",
    "--pipeline",
    path,
    "--port",
    "0",
    "--host",
    "127.0.0.1",
    "--scratch",
    join(directory, "scratch"),
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return { child, output: () => output };
}

/** Where it says that it listens. */
async function urlIn(output: () => string): Promise<string> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const url = /"url":"([^"]+)"/.exec(output())?.[1];
    if (url !== undefined) return url;
    await sleep(100);
  }
  throw new Error(`it does not listen: ${output()}`);
}

/** Asks until the answer is as it should be. */
async function until(url: string, good: (status: number, text: string) => boolean): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const answer = await fetch(url).catch(() => null);
    if (answer !== null && good(answer.status, await answer.text())) return;
    await sleep(100);
  }
  throw new Error(`${url}: did not answer as it should`);
}

test("a pod runs its pipeline, tells of it, and drains at SIGTERM", async () => {
  const topic = await writeSmallTopic(join(directory, "topic"), { files: 2, recordsPerFile: 50 });
  const { child, output } = await startPod({ pipeline, connections: [] });
  const url = await urlIn(output);
  await until(`${url}/healthz/ready`, (status) => status === 200);
  await until(
    `${url}/metrics`,
    (_status, text) =>
      text.includes(`snowline_rows_loaded_total ${topic.rows.length}`) && text.includes("process_cpu_seconds_total"),
  );
  expect(await (await fetch(`${url}/status`)).json()).toMatchObject({
    pipeline: "default/small",
    totals: { rowsLoaded: topic.rows.length },
  });
  await appendFile(join(directory, "topic", "f9.jsonl"), '{"file":"f9","n":1,"text":"late"}\n');
  await until(`${url}/status`, (_status, text) => text.includes('"recordsRead":101'));
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(await duckdbTable(join(directory, "small.duckdb"))).toEqual([...topic.rows, { file: "f9", n: 1, text: "LATE" }]);
  expect(await readdir(join(directory, "scratch"))).toEqual([]);
  const events = output()
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
  expect(events).toContain("draining");
  expect(events.at(-1)).toBe("pipeline ended");
  expect(output()).not.toContain("row 1 of f0");
}, 60_000);

test.each([
  {
    what: "a field nobody knows",
    content: { pipeline: { ...pipeline, spec: { ...pipeline.spec, sinks: {} } } },
    says: "spec.sinks",
  },
  {
    what: "SQL that cannot be",
    content: { pipeline: { ...pipeline, spec: { ...pipeline.spec, transform: { sql: "SELECT nn FROM source" } } } },
    says: "spec.transform.sql (line 1, column 8)",
  },
  {
    what: "a connection that is not there",
    content: {
      pipeline: { ...pipeline, spec: { ...pipeline.spec, deadLetter: { kafka: { connection: "events", topic: "dead" } } } },
    },
    says: "connection events",
  },
])("a pod with $what ends with exit code 3 and says so", async ({ content, says }) => {
  const { child, output } = await startPod(content);
  expect(await once(child, "exit")).toEqual([3, null]);
  expect(output()).toContain(says);
});
