// Within the network of the demo's cluster: installs the operator, applies the example, kills its pods, and counts.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { styleText } from "node:util";
import type { PipelineStatus } from "../../crds/kinds/pipeline-status.ts";
import { countText } from "../../cli/text.ts";
import { type ClusterAccess, clusterAccess } from "../../test/cluster/cluster-access.ts";
import { openDriverSession } from "../../test/snowflake/driver-session.ts";
import { flightRecords } from "../demo-records.ts";
import { demoNamespace, surroundings } from "./manifests.ts";
import { type DemoPlace, readPlace, root } from "./place.ts";
import { makeTopics, recordsIn, spoiltCount, topics, writeSteadily } from "./workload.ts";

const flights = 150_000;
const flightsPerSecond = 3000;
/** Seconds after the first record at which a pod is killed. */
const killsAfterSeconds = [12, 26] as const;
const lookMs = 2000;
/** From the last record until all is loaded. */
const arriveTimeoutMs = 180_000;
const readyTimeoutSeconds = 180;
const pipeline = "flights-to-snowflake";

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const step = (title: string): void => say(`\n${styleText(["bold", "cyan"], `▸ ${title}`)}`);

/** Runs a program of the cluster on the terminal, as a user would. */
async function shown({ place }: ClusterAccess, program: string, ...args: readonly string[]): Promise<void> {
  say(styleText("dim", `  $ ${program} ${args.join(" ")}`));
  const kubeconfig = join(place.directory, "administrator.kubeconfig");
  const child = spawn(join(place.programs, program), args, {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, KUBECONFIG: kubeconfig, HELM_CACHE_HOME: place.directory, HELM_CONFIG_HOME: place.directory },
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
  const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  for (const line of printed.trimEnd().split("\n")) say(`  ${line}`);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ended with exit code ${code}`);
}

async function install(cluster: ClusterAccess, image: string): Promise<void> {
  step("The operator, from its Helm chart");
  const at = image.lastIndexOf(":");
  const values = [`image.repository=${image.slice(0, at)}`, `image.tag=${image.slice(at + 1)}`, "image.pullPolicy=Never"];
  const place = ["--namespace", "snowline-system", "--create-namespace"];
  await shown(cluster, "helm", "install", "snowline", "charts/snowline", ...place, "--set", values.join(","), "--wait");
}

/** What the table holds: rows, and how many places of the topic they come from. */
async function counts(place: DemoPlace): Promise<{ readonly rows: number; readonly places: number }> {
  const account = { accessUrl: place.warehouseUrl, account: "x", username: "SNOWLINE", password: "snowline" };
  await using session = await openDriverSession(account);
  const there = await session.query("SHOW TABLES LIKE 'FLIGHTS' IN SCHEMA DEMO.PUBLIC");
  if (there.length === 0) return { rows: 0, places: 0 };
  const [row] = await session.query(
    "SELECT COUNT(*) AS N, COUNT(DISTINCT KAFKA_PARTITION || '/' || KAFKA_OFFSET) AS PLACES FROM DEMO.PUBLIC.FLIGHTS",
  );
  return { rows: Number(row?.["N"]), places: Number(row?.["PLACES"]) };
}

async function statusOf(cluster: ClusterAccess): Promise<PipelineStatus | undefined> {
  const text = await cluster.kubectl(["-n", demoNamespace, "get", "pipeline", pipeline, "-o", "json"]);
  return (JSON.parse(text) as { status?: PipelineStatus }).status;
}

async function look(cluster: ClusterAccess, place: DemoPlace, began: number): Promise<number> {
  const [status, { rows }] = await Promise.all([statusOf(cluster), counts(place)]);
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  const parts = [
    `${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s`,
    `Ready=${ready?.status ?? "?"}${ready?.status === "True" ? "" : ` (${ready?.reason ?? "no status yet"})`}`,
    `pods ${status?.readyReplicas ?? 0}/${status?.replicas ?? 0}`,
    `lag ${countText(status?.lag?.records ?? 0)} records`,
    `${countText(Math.round(status?.rates?.rowsPerSecond ?? 0))} rows/s`,
    `rejected ${status?.totals?.recordsRejected ?? 0}`,
    styleText("bold", `table ${countText(rows)} rows`),
  ];
  say(`  ${parts.join("  ")}`);
  return rows;
}

async function kill(cluster: ClusterAccess, how: "delete" | "SIGKILL"): Promise<void> {
  const selector = ["-l", `snowline.dev/pipeline=${pipeline}`, "-o", "jsonpath={.items[0].metadata.name}"];
  const pod = await cluster.kubectl(["-n", demoNamespace, "get", "pods", "--field-selector=status.phase=Running", ...selector]);
  if (how === "delete") await cluster.kubectl(["-n", demoNamespace, "delete", "pod", pod, "--grace-period=0", "--force"]);
  else await cluster.killContainer(demoNamespace, pod);
  const what =
    how === "delete" ? "deleted by force, without a grace period" : "its process is killed by SIGKILL, as out of memory";
  say(styleText("yellow", `  ✗ pod ${pod}: ${what}`));
}

async function watchRowsArrive(cluster: ClusterAccess, place: DemoPlace): Promise<void> {
  step(`${countText(flights)} flights, ${countText(flightsPerSecond)} a second, and two pods killed meanwhile`);
  const records = await flightRecords(flights);
  const began = performance.now();
  const written = writeSteadily(place.bootstrap, records, flightsPerSecond).then(() => performance.now());
  let ended: number | undefined;
  written.then(
    (atMs) => (ended = atMs),
    () => {},
  );
  const kills = [...killsAfterSeconds];
  for (;;) {
    const rows = await look(cluster, place, began);
    if (kills.length > 0 && performance.now() - began > kills[0]! * 1000) {
      await kill(cluster, kills.length === killsAfterSeconds.length ? "delete" : "SIGKILL");
      kills.shift();
    }
    if (ended !== undefined && rows >= flights && kills.length === 0) break;
    if (ended !== undefined && performance.now() - ended > arriveTimeoutMs)
      throw new Error(`table FLIGHTS: ${rows} of ${flights} rows, ${arriveTimeoutMs / 1000} s after the last record`);
    await sleep(lookMs);
  }
  await written;
}

async function compare(place: DemoPlace): Promise<void> {
  step("Counted");
  const { rows, places } = await counts(place);
  const letters = await recordsIn(place.bootstrap, topics.dead);
  say(`  ${countText(flights + spoiltCount)} records were written, ${spoiltCount} of them spoilt on purpose.`);
  say(
    `  ${countText(rows)} rows are in the table, from ${countText(places)} places of the topic; ${letters} letters in ${topics.dead}.`,
  );
  if (rows !== flights || places !== flights)
    throw new Error(`table FLIGHTS: ${rows} rows of ${places} records, instead of ${flights}`);
  // A letter is written before its batch is loaded: who is killed in between writes it again.
  if (letters < spoiltCount) throw new Error(`topic ${topics.dead}: ${letters} letters of ${spoiltCount} spoilt records`);
  say(styleText("green", "  Each record once: nothing was lost, nothing was loaded twice."));
}

const place = await readPlace();
if (place === null) throw new Error("demo: does not run; npm run demo:cluster starts it");
const cluster = await clusterAccess(place.cluster);
try {
  await install(cluster, place.image);
  step("Where to and where from: two Connections, and the Secret of the warehouse");
  for (const line of (await cluster.kubectl(["apply", "-f", "-"], { input: await surroundings(place) })).trim().split("\n"))
    say(`  ${line}`);
  await makeTopics(place.bootstrap);
  step("The pipeline examples/flights-to-snowflake.yaml");
  const inDemo = ["-n", demoNamespace];
  await shown(cluster, "kubectl", ...inDemo, "apply", "-f", "examples/flights-to-snowflake.yaml");
  await shown(
    cluster,
    "kubectl",
    ...inDemo,
    "wait",
    "--for=condition=Ready",
    `pipeline/${pipeline}`,
    `--timeout=${readyTimeoutSeconds}s`,
  );
  await shown(cluster, "kubectl", ...inDemo, "get", "pipelines,pods");
  await watchRowsArrive(cluster, place);
  await compare(place);
  await shown(cluster, "kubectl", ...inDemo, "get", "pipelines,pods");
} catch (error) {
  process.stderr.write(`\ndemo: ${error instanceof Error ? error.message : String(error)}\n`);
  const inDemo = ["-n", demoNamespace];
  await shown(cluster, "kubectl", ...inDemo, "describe", "pipelines").catch(() => {});
  await shown(cluster, "kubectl", ...inDemo, "get", "pods").catch(() => {});
  await shown(cluster, "kubectl", ...inDemo, "logs", "-l", `snowline.dev/pipeline=${pipeline}`, "--tail=20").catch(() => {});
  await shown(cluster, "kubectl", "-n", "snowline-system", "logs", "deployment/snowline", "--tail=10").catch(() => {});
  process.exitCode = 1;
}
