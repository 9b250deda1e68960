import { pino } from "pino";
import { Registry } from "prom-client";
import { systemClock } from "../../../operator/control/clock.ts";
import { registerControlMetrics } from "../../../operator/control/control-metrics.ts";
import { fencedApi } from "../../../operator/control/fenced-api.ts";
import { startLeaderElection } from "../../../operator/control/leader-election.ts";
import type { LeaseTiming } from "../../../operator/control/lease.ts";
import { openApi } from "../open-api.ts";

/** What a candidate's process is told on its command line, as JSON. */
interface Candidacy {
  readonly kubeconfig: string;
  readonly lease: { readonly namespace: string; readonly name: string };
  readonly identity: string;
  readonly timing: LeaseTiming;
}

const configMaps = { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true };

/**
 * A process that contends for a lease. Each line it is told is a command: `block MS` keeps the event loop busy, `write NAME` makes
 * a ConfigMap if it leads, `stop` ends. It answers with lines of JSON.
 */
const { kubeconfig, lease, identity, timing } = JSON.parse(process.argv[2] ?? "") as Candidacy;
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const hear = (line: { readonly msg: string; readonly holder?: string }): void =>
  say(line.msg === "another leads" ? { following: line.holder } : { log: line });
const registry = new Registry();
const api = await openApi(kubeconfig);
const election = startLeaderElection({
  place: { kubeconfig: { file: kubeconfig } },
  lease,
  identity,
  fieldManager: "test",
  userAgent: "snowline-test",
  timing,
  metrics: registerControlMetrics(registry, systemClock),
  log: pino({}, { write: (line: string) => hear(JSON.parse(line) as { readonly msg: string; readonly holder?: string }) }),
  clock: systemClock,
});

async function write(name: string): Promise<void> {
  const leadership = await election.lead(AbortSignal.timeout(60_000));
  if (leadership === null) return say({ write: name, outcome: "does not lead" });
  return writeAs(name, leadership);
}
async function writeAs(name: string, leadership: NonNullable<Awaited<ReturnType<typeof election.lead>>>): Promise<void> {
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace: lease.namespace, name } };
  try {
    await fencedApi(api, leadership).create(configMaps, object, { fieldManager: "test" });
    say({ write: name, outcome: "written" });
  } catch (error) {
    say({ write: name, outcome: (error as Error).name, aborted: leadership.signal.aborted });
  }
}

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

async function obey(command: string): Promise<void> {
  const [word, value = ""] = command.split(" ");
  if (word === "block") {
    // The leadership of before: what a reconcile in flight would go on with.
    const leadership = await election.lead(AbortSignal.timeout(60_000));
    block(Number(value));
    if (leadership !== null) await writeAs(`after-${value}`, leadership);
  } else if (word === "write") await write(value);
  else if (word === "stop") {
    await election[Symbol.asyncDispose]();
    await api[Symbol.asyncDispose]();
    process.stdin.destroy();
  }
}

process.stdin.setEncoding("utf8").on("data", (text: string) => {
  for (const command of text.split("\n")) void obey(command);
});
process.stdin.on("end", () => process.exit(1));
const leadership = await election.lead(new AbortController().signal);
say({ leads: identity });
leadership?.signal.addEventListener("abort", () => {
  say({ lost: identity, why: (leadership.signal.reason as Error).message });
});
