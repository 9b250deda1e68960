import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../../operator/control/clock.ts";
import { openProber, type Prober, type ProbeQuestion } from "../../../operator/probe/prober.ts";
import { orders } from "../pipeline/orders.ts";

const played = fileURLToPath(new URL("./played-probe.ts", import.meta.url));
const real = fileURLToPath(new URL("../../../runtime/probe-main.ts", import.meta.url));

function opened(options: { readonly program?: string; readonly idleMs?: number; readonly answerMsMax?: number } = {}): Prober {
  const prober = openProber({ program: played, clock: systemClock, ...options });
  onTestFinished(() => prober[Symbol.asyncDispose]());
  return prober;
}

const { pipeline, connections } = orders();
const about = (name: string, files = {}): ProbeQuestion => ({
  pipeline: { namespace: "shop", name },
  source: pipeline.spec.source,
  connection: connections.get("events")!.spec,
  files,
});

/** Whether a process is there. */
function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("the probe's process", () => {
  test("is started with the first question, and each has its own answer", async () => {
    const prober = opened();
    expect(prober.pid).toBe(null);
    const answers = await Promise.all([prober.ask(about("slow")), prober.ask(about("any", { "secret/a/b": "" }))]);
    expect(answers).toEqual([
      { lagRecords: 1, partitions: 1, ends: 1 },
      { lagRecords: 1, partitions: 3, ends: 30 },
    ]);
    expect(prober.pid).not.toBe(null);
  });

  test("has nothing of the operator's environment", async () => {
    await expect(opened().ask(about("environment"))).rejects.toThrow("{}");
  });

  test("is ended when nobody asks any more, and started again when somebody does", async () => {
    const prober = opened({ idleMs: 50 });
    await prober.ask(about("any"));
    const { pid } = prober;
    await expect.poll(() => isThere(pid!), { timeout: 10_000 }).toBe(false);
    await prober.ask(about("any"));
    expect(prober.pid).not.toBe(pid);
  });

  test("that ends by itself is told to all who wait, and comes again after a pause", async () => {
    const prober = opened();
    const waiting = expect(prober.ask(about("silent"))).rejects.toThrow("ended by itself (exit code 7)");
    await expect(prober.ask(about("dies"))).rejects.toThrow("ended by itself (exit code 7)");
    await waiting;
    await expect(prober.ask(about("any"))).rejects.toThrow("is started again in 1 s");
    await sleep(1_100);
    await expect(prober.ask(about("any"))).resolves.toMatchObject({ partitions: 3 });
  });

  test("that does not answer in time is ended, and the next question has another", { timeout: 30_000 }, async () => {
    const prober = opened({ answerMsMax: 4_000 });
    await prober.ask(about("any"));
    const { pid } = prober;
    await expect(prober.ask(about("silent"))).rejects.toThrow("did not answer within 4 s");
    await expect.poll(() => isThere(pid!), { timeout: 10_000 }).toBe(false);
    await expect(prober.ask(about("any"))).resolves.toMatchObject({ partitions: 3 });
  });

  test("that writes what is no answer is ended", async () => {
    await expect(opened().ask(about("babbles"))).rejects.toThrow("an answer that is none");
  });

  test("is not given more than it reads of a line", async () => {
    const prober = opened();
    await expect(prober.ask(about("any", { "secret/a/b": "x".repeat(2 ** 22) }))).rejects.toThrow("the probe reads 4194304");
    expect(prober.pid).toBe(null);
  });

  test("goes with the operator", async () => {
    const prober = opened();
    const asked = expect(prober.ask(about("silent"))).rejects.toThrow("was closed");
    const { pid } = prober;
    await prober[Symbol.asyncDispose]();
    await asked;
    expect(isThere(pid!)).toBe(false);
    await expect(prober.ask(about("any"))).rejects.toThrow("was closed");
  });
});

test("a source that does not answer is told in the program's words", async () => {
  await expect(opened().ask(about("fails"))).rejects.toThrow("broker 127.0.0.1:1 does not answer");
});

test("the runtime's program understands the question", { timeout: 60_000 }, async () => {
  const question = { ...about("any"), connection: { kafka: { brokers: ["127.0.0.1:1"] } } };
  // The schema fills in what a Connection leaves out.
  await expect(opened({ program: real }).ask(question as ProbeQuestion)).rejects.toThrow(/127\.0\.0\.1:1/);
});
