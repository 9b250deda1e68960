import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { duckdbTable } from "../e2e/exactly-once/table.ts";
import { freePorts } from "../kafka/free-port.ts";
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
async function startPod(
  content: object | string,
  ...more: readonly string[]
): Promise<{ readonly child: ChildProcess; output(): string }> {
  const path = join(directory, "pipeline.json");
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
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
    "--termination-log",
    join(directory, "termination-log"),
    ...more,
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return { child, output: () => output };
}

/** What it left for whoever looks at the pod. */
const termination = async (): Promise<unknown> =>
  JSON.parse(await readFile(join(directory, "termination-log"), "utf8")) as unknown;

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
  await expect(termination()).rejects.toThrow("ENOENT");
}, 60_000);

test.each([
  {
    what: "a file that is no JSON",
    content: "{",
    reason: "SpecInvalid",
    says: "pipeline.json: ",
  },
  {
    what: "a field nobody knows",
    content: { pipeline: { ...pipeline, spec: { ...pipeline.spec, sinks: {} } } },
    reason: "SpecInvalid",
    says: "spec.sinks",
  },
  {
    what: "SQL that cannot be",
    content: { pipeline: { ...pipeline, spec: { ...pipeline.spec, transform: { sql: "SELECT nn FROM source" } } } },
    reason: "SpecInvalid",
    says: "spec.transform.sql (line 1, column 8)",
  },
  {
    what: "a connection that is not there",
    content: {
      pipeline: { ...pipeline, spec: { ...pipeline.spec, deadLetter: { kafka: { connection: "events", topic: "dead" } } } },
    },
    reason: "ConnectionMissing",
    says: "connection events",
  },
])("a pod with $what ends with exit code 3 and says so", async ({ content, reason, says }) => {
  const { child, output } = await startPod(content);
  expect(await once(child, "exit")).toEqual([3, null]);
  expect(output()).toContain(says);
  expect(await termination()).toEqual({ reason, message: expect.stringContaining(says) as string });
});

test("a pod that waits for another to let go of its file answers, lives, says so, and ends when it is told to", async () => {
  const holder = await DuckDBInstance.create(join(directory, "small.duckdb"));
  try {
    await writeSmallTopic(join(directory, "topic"), { files: 1, recordsPerFile: 1 });
    const { child, output } = await startPod({ pipeline, connections: [] });
    const url = await urlIn(output);
    await until(`${url}/healthz/ready`, (status, text) => status === 503 && text.includes("small.duckdb"));
    await until(`${url}/healthz/live`, (status) => status === 200);
    expect(await (await fetch(`${url}/status/brief`)).json()).toMatchObject({ started: false, proven: false, splits: 0 });
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  } finally {
    holder.closeSync();
  }
});

test("a pod that stops while it runs leaves the condition's reason and message", async () => {
  await writeFile(join(directory, "small.duckdb"), "no database");
  await writeSmallTopic(join(directory, "topic"), { files: 1, recordsPerFile: 1 });
  const { child } = await startPod({ pipeline, connections: [] });
  const [code] = (await once(child, "exit")) as [number];
  expect(code).toBe(3);
  expect(await termination()).toEqual({
    reason: expect.stringMatching(/^[A-Z][A-Za-z]+$/) as string,
    message: expect.stringContaining("small.duckdb") as string,
  });
});

test("a pod that cannot start leaves why", async () => {
  const { child, output } = await startPod({ pipeline, connections: [] }, "--scratch", join(directory, "pipeline.json"));
  expect(await once(child, "exit")).toEqual([1, null]);
  expect(await termination()).toEqual({ reason: "Crashed", message: expect.stringContaining("pipeline.json") as string });
  expect(output()).toContain("pipeline not run");
});

test("a termination log that cannot be written is told, and changes nothing else", async () => {
  const { child, output } = await startPod("{", "--termination-log", join(directory, "no", "such", "folder"));
  expect(await once(child, "exit")).toEqual([3, null]);
  expect(output()).toContain("termination log not written");
});

test("a pod that cannot load within its grace period is unready meanwhile, gives up whole, and says so", async () => {
  await mkdir(join(directory, "topic"));
  await writeFile(join(directory, "topic", "f0.jsonl"), "no JSON\n");
  const [port] = await freePorts(1);
  const deadLetter = { kafka: { connection: "nobody", topic: "dead" } };
  const connection = {
    apiVersion: "snowline.dev/v1alpha1",
    kind: "Connection",
    metadata: { name: "nobody" },
    spec: { kafka: { brokers: [`127.0.0.1:${port}`] } },
  };
  const content = { pipeline: { ...pipeline, spec: { ...pipeline.spec, deadLetter } }, connections: [connection] };
  const { child, output } = await startPod(content, "--grace-seconds", "3");
  const url = await urlIn(output);
  await until(`${url}/status`, (_status, text) => /"DeadLettersReachable","status":"False"/.test(text));
  child.kill("SIGTERM");
  await until(`${url}/healthz/ready`, (status, text) => status === 503 && text.includes("reads no more and loads what was read"));
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(await termination()).toEqual({ reason: "NotDrained", message: expect.stringContaining("is read again") as string });
});

test("a pod that is told to end before its modules are loaded ends at once and in order", async () => {
  const path = join(directory, "pipeline.json");
  await writeFile(path, JSON.stringify({ pipeline, connections: [] }));
  // Says so and stands still for a moment where the modules would be loaded.
  const slowly = `
    import { registerHooks } from "node:module";
    registerHooks({ load: (url, context, next) => {
      if (url.endsWith("/run-pod.ts")) {
        process.stdout.write("loading");
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
      }
      return next(url, context);
    } });`;
  const args = ["--import", `data:text/javascript,${encodeURIComponent(slowly)}`, "runtime/main.ts", "--pipeline", path];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});
