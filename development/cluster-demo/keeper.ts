// Holds the demo's cluster and what runs beside it, from its start until SIGTERM, for as long as its user looks at it.
import { rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { startCluster } from "../../test/cluster/cluster.ts";
import { projectImages } from "../../test/cluster/images.ts";
import { startGuarded } from "../../test/kafka/guarded-process.ts";
import { type DemoPlace, home, writePlace } from "./place.ts";

/** What the keeper tells who started it. */
export type KeeperMessage = { readonly say: string } | { readonly ready: DemoPlace } | { readonly failed: string };

const startTimeoutMs = 120_000;
const stopGraceMs = 20_000;
/** When it was asked to end while it was starting, or something hangs. */
const endTimeoutMs = 60_000;

const tell = (message: KeeperMessage): void => void process.send?.(message);
const say = (line: string): void => tell({ say: line });

/** Resolves when it has ended, after `asked`. */
async function keep(asked: Promise<void>): Promise<void> {
  await mkdir(home, { recursive: true });
  const [image] = await projectImages(["snowline"], say);
  say("starting a Kubernetes cluster");
  await using cluster = await startCluster({ images: [image!.archive], say });
  say(`the node is Ready after ${cluster.startSeconds.toFixed(1)} s`);
  say("starting Kafka and the test warehouse beside it");
  const { enterNetwork, hostAddress } = cluster.cluster;
  const script = join(import.meta.dirname, "services.ts");
  const services = startGuarded([...enterNetwork, process.execPath, script, hostAddress], { name: "demo" });
  const line = await services.saw("services ready", startTimeoutMs);
  const answers = JSON.parse(line.slice(line.indexOf("{"))) as Pick<DemoPlace, "bootstrap" | "warehouseUrl">;
  const place = { cluster: cluster.cluster, image: image!.name, keeper: process.pid, ...answers };
  await writePlace(place);
  // From here on it is the user's.
  process.removeAllListeners("disconnect");
  tell({ ready: place });
  await asked;
  await services.stop(stopGraceMs);
}

/** Ends at once: what has begun ends with us, since nothing outlives its guard. */
function giveUp(): void {
  rmSync(home, { recursive: true, force: true });
  process.exit(1);
}

const { promise: asked, resolve } = Promise.withResolvers<void>();
process.once("SIGTERM", resolve);
// A terminal's ctrl-C is for the demo, which says whether this ends, too.
process.on("SIGINT", () => {});
process.once("disconnect", giveUp);
try {
  await Promise.race([keep(asked), asked.then(() => new Promise((after) => setTimeout(after, endTimeoutMs)))]);
} catch (error) {
  tell({ failed: error instanceof Error ? error.message : String(error) });
}
giveUp();
