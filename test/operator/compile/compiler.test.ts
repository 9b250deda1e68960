import { readFile } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { expect, test, vi } from "vitest";
import { type CompilerOptions, openCompiler } from "../../../operator/compile/compiler.ts";
import { specWith } from "./pipeline-spec.ts";

const open = (options: Partial<CompilerOptions> = {}) => openCompiler({ now: () => Date.now(), ...options });
const never = new AbortController().signal;
/** Doubles with each CTE: the binder is at it until its memory is used up, or for ever. */
function doubling(ctes: number): string {
  const later = Array.from(
    { length: ctes },
    (_, at) => `, c${at + 1} AS NOT MATERIALIZED (SELECT x.id FROM c${at} AS x, c${at} AS y)`,
  );
  return `WITH c0 AS (SELECT id FROM source)${later.join("")} SELECT id FROM c${ctes}`;
}
const gone = async (pid: number) =>
  vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"), { timeout: 10_000, interval: 20 });

test("problems have the field, and line and column in the SQL", async () => {
  await using compiler = open();
  expect(await compiler.check(specWith("SELECT id,\n  amuont * 2 AS doubled\nFROM source"), never)).toEqual([
    { path: "spec.transform.sql", message: "line 2, column 3: there is no column amuont; did you mean amount?" },
  ]);
  const upsert = { duckdb: { path: "a.duckdb", table: "a", mode: { upsert: { key: ["idd"] } } } };
  expect(await compiler.check(specWith("SELECT id FROM source", { sink: upsert }), never)).toEqual([
    {
      path: "spec.sink.duckdb.mode.upsert.key",
      message: "the upsert key's column idd does not come out of the SQL; did you mean id?",
    },
  ]);
});

test("right SQL has no problem; what its owner should know is a warning", async () => {
  await using compiler = open();
  expect(await compiler.compile(specWith("SELECT * FROM source"), never)).toEqual({ problems: [], warnings: [] });
  expect(await compiler.compile(specWith("SELECT count(*) AS n FROM source"), never)).toEqual({
    problems: [],
    warnings: [{ path: "spec.transform.sql", message: expect.stringContaining("the SQL is per batch (aggregates)") }],
  });
});

test("an idle child ends, and a verdict that is known needs none", async () => {
  await using compiler = open({ idleMs: 1 });
  const spec = specWith("SELECT idd FROM source");
  const [problem] = await compiler.check(spec, never);
  await vi.waitFor(() => expect(compiler.children).toEqual([]), { timeout: 10_000, interval: 5 });
  // Where its records come from and how many pods there are is nothing that the SQL could be wrong in.
  const { kafka } = spec.source;
  const moved = { ...spec, replicas: 3, source: { kafka: { ...kafka!, topics: ["others"] } } };
  const again = compiler.check(moved, never);
  expect(compiler.children).toEqual([]);
  expect(await again).toEqual([problem]);
});

test("SQL that eats memory ends its child, and nobody waits for the operator meanwhile", async () => {
  await using compiler = open({ compileMsMax: 25_000 });
  const lag = monitorEventLoopDelay({ resolution: 5 });
  lag.enable();
  const problems = await compiler.check(specWith(doubling(26)), never);
  lag.disable();
  expect(problems).toEqual([{ path: "spec.transform.sql", message: expect.stringMatching(/^takes too much memory to compile/) }]);
  expect(lag.percentile(99) / 1e6).toBeLessThan(200);
  expect(await compiler.check(specWith("SELECT id FROM source"), never)).toEqual([]);
});

test("SQL that takes too long is refused at the deadline, and its child is gone", async () => {
  await using compiler = open({ compileMsMax: 1 });
  const late = compiler.check(specWith("SELECT id FROM source"), never);
  const [child] = compiler.children;
  expect(await late).toEqual([
    { path: "spec.transform.sql", message: expect.stringContaining("takes too long to compile: it was given up after 0.001 s") },
  ]);
  expect(compiler.children).toEqual([]);
  await gone(child!);
});

test.each([
  ["of a deadline for ten minutes", 1, true],
  ["for good else", 25_000, false],
])("a verdict holds %s", async (_what, compileMsMax, asksAgain) => {
  let nowMs = 0;
  await using compiler = open({ compileMsMax, idleMs: 1, now: () => nowMs });
  const ask = async () => {
    const asked = compiler.check(specWith("SELECT idd FROM source"), never);
    const asks = compiler.children.length > 0;
    await asked;
    await vi.waitFor(() => expect(compiler.children).toEqual([]), { timeout: 10_000, interval: 5 });
    return asks;
  };
  expect(await ask()).toBe(true);
  nowMs += 599_999;
  expect(await ask()).toBe(false);
  nowMs += 1;
  expect(await ask()).toBe(asksAgain);
});

test("a child that somebody kills costs nobody a verdict", async () => {
  await using compiler = open({ childrenMax: 1 });
  await compiler.check(specWith("SELECT id FROM source"), never);
  const [child] = compiler.children;
  const asked = compiler.check(specWith("SELECT idd FROM source"), never);
  process.kill(child!, "SIGKILL");
  expect(await asked).toMatchObject([{ message: expect.stringContaining("did you mean id?") }]);
  await gone(child!);
});

test("what waits is bounded, and what nobody waits for is not compiled", async () => {
  await using compiler = open({ childrenMax: 1, waitingMax: 1 });
  const impatient = new AbortController();
  const first = compiler.check(specWith("SELECT id FROM source"), never);
  const second = compiler.check(specWith("SELECT amount FROM source"), impatient.signal);
  await expect(compiler.check(specWith("SELECT 1 AS one FROM source"), never)).rejects.toThrow(
    "compiler: 1 pipelines wait to be compiled already; try again later",
  );
  impatient.abort();
  await expect(second).rejects.toThrow("compiler: the SQL was not compiled in time; try again later");
  const third = compiler.check(specWith("SELECT 1 AS one FROM source"), never);
  expect(await Promise.all([first, third])).toEqual([[], []]);
});

test("two who ask for the same at once get one verdict", async () => {
  await using compiler = open({ childrenMax: 1, waitingMax: 1 });
  const running = compiler.check(specWith("SELECT id FROM source"), never);
  const same = Array.from({ length: 5 }, async () => compiler.compile(specWith("SELECT amount FROM source"), never));
  const [verdict, ...others] = await Promise.all(same);
  expect(others.every((other) => other === verdict)).toBe(true);
  expect(await running).toEqual([]);
});

test("a child has no environment, and none is left when the compiler is closed", async () => {
  const compiler = open();
  const pending = compiler.check(specWith("SELECT id FROM source"), never);
  await compiler.check(specWith("SELECT amount FROM source"), never);
  const { children } = compiler;
  expect(children.length).toBeGreaterThan(0);
  for (const child of children) expect(await readFile(`/proc/${child}/environ`, "utf8")).not.toContain("HOME=");
  const late = compiler.check(specWith(doubling(26)), never);
  const refused = expect(late).rejects.toThrow("it was closed");
  await pending;
  await compiler[Symbol.asyncDispose]();
  await refused;
  for (const child of children) await gone(child);
  await expect(compiler.check(specWith("SELECT 2 AS two FROM source"), never)).rejects.toThrow("it was closed");
});
