import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { Registry } from "prom-client";
import { systemClock } from "../../../operator/control/clock.ts";
import { registerControlMetrics } from "../../../operator/control/control-metrics.ts";
import type { Happening } from "../../../operator/control/event-recorder.ts";
import type { Api } from "../../../operator/kube/api.ts";
import type { Prober } from "../../../operator/probe/prober.ts";
import { startPipelineController } from "../../../operator/pipeline/pipeline-controller.ts";
import type { CheckSpec } from "../../../operator/pipeline/spec-problems.ts";
import { settings } from "./orders.ts";

/** How an operator under test is other than usual. */
export interface OperatorOptions {
  readonly check?: CheckSpec;
  readonly ask?: (ip: string) => Promise<string>;
  readonly rolloutDeadlineSeconds?: number;
  /** How sources stand. Default: all is loaded. */
  readonly probe?: Prober["ask"];
  /** How often they are looked at, in milliseconds. */
  readonly probeMs?: number;
}

/** An operator's controller of one namespace that works. Disposing of it stops it. */
export interface StartedOperator extends AsyncDisposable {
  readonly happenings: Happening[];
  /** How often it has looked at a Pipeline. */
  looks(): Promise<number>;
  /** Resolves once it has looked this often, and nothing waits to be looked at now. */
  idleAfter(looks: number): Promise<void>;
}

/** What a pod answers that has nothing to do. */
export const idleReport = JSON.stringify({
  started: true,
  proven: true,
  proof: { kind: "caughtUp", message: "there is nothing to load" },
  conditions: [{ type: "SinkReachable", status: "True", reason: "Reachable", message: "the sink takes batches" }],
  totals: { recordsRead: 0, rowsLoaded: 0, recordsRejected: 0 },
  rates: { recordsPerSecond: 0, rowsPerSecond: 0 },
  lag: { records: 0, seconds: 0, furthestBehind: null },
  splits: 1,
  lastLoadTime: null,
});

/** Starts it; it leads at once. */
export async function startOperator(api: Api, namespace: string, options: OperatorOptions = {}): Promise<StartedOperator> {
  const happenings: Happening[] = [];
  const { check = async () => [], ask = async () => idleReport, rolloutDeadlineSeconds = 600 } = options;
  const { probe = async () => ({ lagRecords: 0, partitions: 3, ends: 0 }) } = options;
  const registry = new Registry();
  const controller = startPipelineController({
    api,
    namespaces: [namespace],
    settings: { ...settings, rolloutDeadlineSeconds },
    check,
    ask,
    prober: { ask: probe },
    ...(options.probeMs === undefined ? {} : { probeEveryMs: options.probeMs }),
    events: { record: (_regarding, happening) => void happenings.push(happening) },
    metrics: registerControlMetrics(registry, systemClock),
    clock: systemClock,
    random: Math.random,
    log: pino({ enabled: process.env["SNOWLINE_LOG"] !== undefined }),
  });
  await controller.synced;
  const stop = new AbortController();
  const ended = controller.run({ api, workers: 2, signal: stop.signal });
  const looks = async (): Promise<number> => {
    const metric = await registry.getSingleMetric("controller_runtime_reconcile_total")?.get();
    return (metric?.values ?? []).reduce((sum, { value }) => sum + value, 0);
  };
  const isIdle = (): boolean => {
    const { depth, runningSeconds } = controller.work.snapshot();
    return runningSeconds.length === 0 && Object.values(depth).every((count) => count === 0);
  };
  return {
    happenings,
    looks,
    idleAfter: async (count) => {
      while ((await looks()) < count || !isIdle()) await sleep(20);
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended;
      await controller[Symbol.asyncDispose]();
    },
  };
}
