import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { systemClock } from "../../../operator/control/clock.ts";
import { startReflector } from "../../../operator/control/reflector.ts";
import type { Api } from "../../../operator/kube/api.ts";
import { type ApiServer, startApiServer } from "../../cluster/api-server.ts";
import { openApi } from "../../operator/open-api.ts";
import { freePorts } from "../../kafka/free-port.ts";
import { type Contestant, type Made, namespaces } from "./contestants.ts";
import { startFakeNodes } from "./fake-nodes.ts";
import { startPlayedPods } from "./played-pods.ts";
import { usageOf } from "./process-usage.ts";
import { quantileOf, requestsIn, type Sample, scrape, sumOf } from "./scrape.ts";

/** What a contestant took for its objects. */
export interface Measurement {
  readonly contestant: string;
  readonly count: number;
  /** From the first object to the last thing made of one. */
  readonly madeSeconds: number;
  /** From the first object to the last request; null: it goes on asking. */
  readonly settledSeconds: number | null;
  /** Until then, without what the start took. */
  readonly requestsEach: number;
  /** Until then, how often each object was looked at. */
  readonly looksEach: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Until settled, children included, start included. */
  readonly cpuSeconds: number;
  /** Resident, at most, children included. */
  readonly peakBytes: number;
  /** Once settled, of all kinds, the lease's among them. */
  readonly idleRequestsPerSecond: number;
  /** A new process: from its start to the last request, the lease's aside; null: it goes on asking. */
  readonly restartSeconds: number | null;
  /** In `restartSeconds` and the quiet after it, the lease's among them. */
  readonly restartWrites: number;
}

/** Objects that are made at the same time: what a busy `kubectl apply` of many people is like. */
const creators = 16;
const pollMs = 500;
/** How often metrics are read to see whether all is done, in milliseconds: each time costs those that have some for each object. */
const scrapeMs = 4_000;
/** No request but the lease's for so long: it is done. */
const quietMs = 12_000;
/** A lease is renewed every two seconds: so many requests in `quietMs` are nothing. */
const leaseRequests = 14;
const idleMs = 30_000;
const doneMsMax = 1_800_000;
/** Who still asks so long after everything is made will go on: Kubernetes starts pods long after their Deployments were made. */
const busyMsMax = (count: number): number => 90_000 + 40 * count;
const startMsMax = 60_000;

/** A contestant's process. */
interface Running extends AsyncDisposable {
  readonly pid: number;
  samples(): Promise<readonly Sample[]>;
}

/** Starts everything anew for one contestant, measures it and ends everything. */
export async function measureContestant(
  contestant: Contestant,
  count: number,
  say: (line: string) => void,
): Promise<Measurement> {
  await using apiServer = await startApiServer({ controllers: true, scheduler: true, say });
  await using api = await openApi(apiServer.kubeconfig);
  const kwok = await startFakeNodes(apiServer, count, say);
  await using _pods = await startPlayedPods();
  try {
    for (const file of await contestant.definitions()) await apiServer.kubectl(["create", "-f", file]);
    await prepare(apiServer, api, contestant.before(count));
    const first = await measureFirst(contestant, { apiServer, api, count, say });
    const again = await measureRestart(contestant, apiServer, say);
    return { contestant: contestant.name, count, ...first, ...again };
  } finally {
    await kwok.stop(5000);
  }
}

async function prepare(apiServer: ApiServer, api: Api, before: readonly Made[]): Promise<void> {
  const items = namespaces.map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } }));
  await apiServer.kubectl(["create", "-f", "-"], { input: JSON.stringify({ apiVersion: "v1", kind: "List", items }) });
  await createAll(api, before);
}

async function createAll(api: Api, all: readonly Made[]): Promise<void> {
  const left = all.values();
  const work = async (): Promise<void> => {
    for (const { type, object } of left) await api.create(type, object, { fieldManager: "bench" });
  };
  await Promise.all(Array.from({ length: creators }, work));
}

interface Field {
  readonly apiServer: ApiServer;
  readonly api: Api;
  readonly count: number;
  say(line: string): void;
}

async function measureFirst(contestant: Contestant, { apiServer, api, count, say }: Field) {
  await using running = await start(contestant, apiServer, say);
  await quiet(running, 0);
  const atStart = requestsIn(await running.samples()).all;
  let peakBytes = 0;
  const watch = setInterval(
    () => void usageOf(running.pid).then(({ residentBytes }) => (peakBytes = Math.max(peakBytes, residentBytes))),
    pollMs,
  );
  try {
    const began = performance.now();
    await createAll(
      api,
      Array.from({ length: count }, (_, index) => contestant.object(index)),
    );
    const madeSeconds = ((await allMade(api, contestant, count)) - began) / 1000;
    const settledSeconds = secondsFrom(began, await quiet(running, count));
    const samples = await running.samples();
    const { cpuSeconds } = await usageOf(running.pid);
    const idleRequestsPerSecond = await idle(running);
    const histogram = "controller_runtime_reconcile_time_seconds";
    return {
      madeSeconds,
      settledSeconds,
      requestsEach: (requestsIn(samples).all - atStart) / count,
      looksEach: sumOf(samples, "controller_runtime_reconcile_total") / count,
      p50Ms: quantileOf(samples, histogram, 0.5) * 1000,
      p99Ms: quantileOf(samples, histogram, 0.99) * 1000,
      cpuSeconds,
      peakBytes,
      idleRequestsPerSecond,
    };
  } finally {
    clearInterval(watch);
  }
}

async function measureRestart(contestant: Contestant, apiServer: ApiServer, say: (line: string) => void) {
  const began = performance.now();
  await using running = await start(contestant, apiServer, say);
  const restartSeconds = secondsFrom(began, await quiet(running, 0));
  return { restartSeconds, restartWrites: requestsIn(await running.samples()).writes };
}

async function start(contestant: Contestant, apiServer: ApiServer, say: (line: string) => void): Promise<Running> {
  const [port, ...others] = (await freePorts(3)) as [number, number, number];
  const [program, ...args] = (await contestant.command({ apiServer, port, otherPorts: others, say })) as [string, ...string[]];
  const child = spawn(program, args, {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...contestant.environment?.(apiServer) },
  });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const end = (): void => void child.kill("SIGKILL");
  process.once("exit", end);
  const samples = async (): Promise<readonly Sample[]> => {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`it ended by itself with ${child.signalCode ?? `exit code ${child.exitCode}`}`);
    return scrape(`http://127.0.0.1:${port}/metrics`);
  };
  const deadline = performance.now() + startMsMax;
  while ((await samples().catch(() => null)) === null) {
    if (performance.now() > deadline) throw new Error(`${contestant.name}: no metrics after ${startMsMax / 1000} s`);
    await sleep(pollMs);
  }
  return {
    pid: child.pid!,
    samples,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await gone;
      process.off("exit", end);
    },
  };
}

/** When everything was made, on the clock of `performance.now()`; told by a watch, which costs the server next to nothing. */
async function allMade(api: Api, { makes, name }: Contestant, count: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let made = 0;
  await using _watch = startReflector({
    api,
    type: makes,
    selection: { metadataOnly: true },
    onChange: (before, after) => {
      made += Number(before === null) - Number(after === null);
      if (made >= count) resolve();
    },
    clock: systemClock,
    random: Math.random,
    log: pino({ enabled: false }),
  });
  const late = sleep(doneMsMax, "late", { ref: false });
  if ((await Promise.race([promise, late])) === "late")
    throw new Error(`${name}: made ${made} of ${count} within ${doneMsMax / 1000} s`);
  return performance.now();
}

const secondsFrom = (began: number, atMs: number | null): number | null => (atMs === null ? null : (atMs - began) / 1000);

/** Waits until nothing is asked any more but for the lease; answers when the last other request was, on the clock of `performance.now()`. null: it goes on. `count` objects were made before. */
async function quiet(running: Running, count: number): Promise<number | null> {
  const deadline = performance.now() + busyMsMax(count);
  const seen: { readonly atMs: number; readonly requests: number }[] = [];
  for (;;) {
    const atMs = performance.now();
    seen.push({ atMs, requests: requestsIn(await running.samples()).all });
    const before = seen.findLast((one) => one.atMs <= atMs - quietMs);
    if (before !== undefined && seen.at(-1)!.requests - before.requests <= leaseRequests) return before.atMs;
    if (atMs > deadline) return null;
    await sleep(scrapeMs);
  }
}

async function idle(running: Running): Promise<number> {
  const before = requestsIn(await running.samples()).all;
  await sleep(idleMs);
  return (requestsIn(await running.samples()).all - before) / (idleMs / 1000);
}
