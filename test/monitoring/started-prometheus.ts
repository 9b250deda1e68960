import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../kafka/free-port.ts";
import { startGuarded } from "../kafka/guarded-process.ts";
import type { RuleFile } from "./alert-rules.ts";
import { monitoringPrograms } from "./monitoring-programs.ts";

/** What Prometheus works with. */
export interface PrometheusOptions {
  /** `scrape_configs` of its configuration. */
  readonly scrapes: readonly object[];
  readonly rules?: RuleFile;
  /** `host:port` of an Alertmanager. */
  readonly alertmanager?: string;
}

/** One series of an answer. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A Prometheus that reads its targets every second. Disposing of it ends it and removes its data. */
export interface StartedPrometheus extends AsyncDisposable {
  /** What the query answers now. Throws what Prometheus says of a query that is wrong. */
  query(expr: string): Promise<readonly Sample[]>;
  /** Values of a label among the series that match. */
  labelValues(name: string, match: string): Promise<readonly string[]>;
  /** `pool instance health` of every target. */
  targets(): Promise<readonly string[]>;
}

const readyMs = 30_000;
const stopMs = 5_000;

/** Starts it on a free port of 127.0.0.1. */
export async function startPrometheus({ scrapes, rules, alertmanager }: PrometheusOptions): Promise<StartedPrometheus> {
  const { prometheus } = await monitoringPrograms();
  const directory = await mkdtemp(join(tmpdir(), "snowline-prometheus-"));
  const [port] = (await freePorts(1)) as [number];
  const [configFile, ruleFile] = [join(directory, "prometheus.json"), join(directory, "rules.json")];
  await writeFile(ruleFile, JSON.stringify(rules ?? { groups: [] }));
  const config = {
    global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
    rule_files: [ruleFile],
    scrape_configs: scrapes,
    ...(alertmanager === undefined ? {} : { alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] } }),
  };
  await writeFile(configFile, JSON.stringify(config));
  const flags = [
    `--config.file=${configFile}`,
    `--storage.tsdb.path=${join(directory, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const running = startGuarded([prometheus, ...flags], { name: "prometheus", removed: directory });
  const stop = async (): Promise<void> => {
    await running.stop(stopMs);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await running.saw("Server is ready to receive web requests", readyMs);
  } catch (error) {
    await stop();
    throw error;
  }
  const ask = (path: string, parameters: Readonly<Record<string, string>>) =>
    answer(`http://127.0.0.1:${port}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
  return {
    query: async (expr) => samplesOf(await ask("query", { query: expr })),
    labelValues: async (name, match) => (await ask(`label/${name}/values`, { "match[]": match })) as readonly string[],
    targets: async () => {
      const { activeTargets } = (await ask("targets", { state: "active" })) as { activeTargets: readonly Target[] };
      return activeTargets.map(({ scrapePool, labels, health }) => `${scrapePool} ${labels["instance"]} ${health}`);
    },
    [Symbol.asyncDispose]: stop,
  };
}

interface Target {
  readonly scrapePool: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly health: string;
}

async function answer(url: string): Promise<unknown> {
  const response = await fetch(url);
  const { status, data, error } = (await response.json()) as { status: string; data?: unknown; error?: string };
  if (status !== "success") throw new Error(`prometheus: ${error ?? response.statusText}`);
  return data;
}

/** A scalar is one sample without labels. */
function samplesOf(data: unknown): readonly Sample[] {
  const { resultType, result } = data as {
    resultType: string;
    result: readonly { metric: Record<string, string>; value: readonly [number, string] }[] | readonly [number, string];
  };
  if (resultType === "scalar") return [{ metric: {}, value: Number(result[1]) }];
  return (result as readonly { metric: Record<string, string>; value: readonly [number, string] }[]).map(({ metric, value }) => ({
    metric,
    value: Number(value[1]),
  }));
}
