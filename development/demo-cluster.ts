// npm run demo:cluster: a Kubernetes cluster, the operator from its Helm chart, a pipeline from Kafka into the test warehouse, and pods
// that are killed under it. On a terminal the cluster stays for a look; `npm run demo:cluster -- --down` removes all of it.
import { type ChildProcess, spawn } from "node:child_process";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { styleText } from "node:util";
import type { KeeperMessage } from "./cluster-demo/keeper.ts";
import { demoNamespace } from "./cluster-demo/manifests.ts";
import { alive, type DemoPlace, home, readPlace, root } from "./cluster-demo/place.ts";

const downTimeoutMs = 90_000;
const downPollMs = 100;

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const step = (title: string): void => say(`\n${styleText(["bold", "cyan"], `▸ ${title}`)}`);

/** Ends a demo that runs, and all of it; resolves when nothing is left. */
async function down(): Promise<boolean> {
  const place = await readPlace();
  if (place === null) return false;
  process.kill(place.keeper, "SIGTERM");
  const deadline = performance.now() + downTimeoutMs;
  while (alive(place.keeper)) {
    if (performance.now() > deadline)
      throw new Error(`demo: process ${place.keeper} has not ended after ${downTimeoutMs / 1000} s; kill it`);
    await sleep(downPollMs);
  }
  return true;
}

/** Starts what the demo runs on, in a process that outlives us if we let it. */
async function up(): Promise<{ readonly keeper: ChildProcess; readonly place: DemoPlace }> {
  const keeper = spawn(process.execPath, [join(import.meta.dirname, "cluster-demo", "keeper.ts")], {
    cwd: root,
    detached: true,
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const place = await new Promise<DemoPlace>((resolve, reject) => {
    keeper.on("error", reject);
    keeper.on("exit", (code) => reject(new Error(`its keeper ended with ${code}`)));
    keeper.on("message", (message: KeeperMessage) => {
      if ("say" in message) say(`  ${message.say}`);
      else if ("ready" in message) resolve(message.ready);
      else reject(new Error(message.failed));
    });
  });
  return { keeper, place };
}

/** Runs the demo itself, within the cluster's network, on our terminal. */
async function show({ cluster }: DemoPlace): Promise<void> {
  const [program, ...args] = [...cluster.enterNetwork, process.execPath, join(import.meta.dirname, "cluster-demo", "show.ts")];
  const child = spawn(program, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("exit", resolve));
  if (code !== 0) throw new Error(`it ended with exit code ${code}`);
}

function next(): void {
  const here = relative(process.cwd(), home);
  say("\n  The cluster stays, so that you can look at it:");
  say(`    ${here}/kubectl get pipelines -A --watch`);
  say(`    ${here}/kubectl -n ${demoNamespace} describe pipeline flights-to-snowflake`);
  say(`    ${here}/kubectl -n ${demoNamespace} scale pipeline/flights-to-snowflake --replicas=3`);
  say(`    ${here}/port-forward deployment/snowline 8080 snowline-system      the operator's metrics`);
  say("\n    npm run demo:cluster -- --down                      removes all of it");
}

async function demo(): Promise<void> {
  const began = performance.now();
  if (await down()) say("  The cluster of the last demo was still there, and is removed.");
  step("A Kubernetes cluster, Kafka and a test warehouse (the first time some 15 minutes, since Kubernetes is built; then one)");
  const { keeper, place } = await up();
  // Without a terminal nobody would look at it.
  const stays = process.stdin.isTTY;
  let done = false;
  process.once("SIGINT", () => {});
  try {
    await show(place);
    done = true;
  } finally {
    keeper.disconnect();
    keeper.unref();
    if (!done || !stays) await down();
  }
  step(`Done in ${((performance.now() - began) / 1000).toFixed(0)} s.`);
  if (stays) next();
  else say("  No terminal is here to look at it: all of it is removed again.");
}

const main = process.argv.includes("--down")
  ? down().then((was) => say(was ? "The demo's cluster is removed." : "There is no demo's cluster."))
  : demo();
await main.catch((error: unknown) => {
  process.stderr.write(`\ndemo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
