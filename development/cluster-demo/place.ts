import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ClusterPlace } from "../../test/cluster/cluster-access.ts";

/** Root of the repository. */
export const root = fileURLToPath(new URL("../../", import.meta.url));
/** Where the demo's files are, as long as it runs. */
export const home = join(root, ".snowline", "demo-cluster");
/** Secrets of the warehouse: `<secret>/<key>`. */
export const secrets = join(home, "secrets");
const file = join(home, "place.json");

/** What the demo runs on. */
export interface DemoPlace {
  readonly cluster: ClusterPlace;
  /** Name of the project's image. */
  readonly image: string;
  readonly bootstrap: string;
  /** Base URL of the test warehouse. */
  readonly warehouseUrl: string;
  /** The process that holds all of it: SIGTERM ends it. */
  readonly keeper: number;
}

/** Writes it down for the demo's other processes, and the scripts by which a user reaches the cluster. */
export async function writePlace(place: DemoPlace): Promise<void> {
  await mkdir(home, { recursive: true });
  await writeFile(file, JSON.stringify(place));
  const { api, enterNetwork } = place.cluster;
  const kubeconfig = join(api.directory, "administrator.kubeconfig");
  const kubectl = [...enterNetwork, join(api.programs, "kubectl"), "--kubeconfig", kubeconfig].join(" ");
  await script("kubectl", `exec ${kubectl} "$@"`);
  // The cluster's network is its own: a port of ours leads to kubectl's in there. socat takes a bare colon for the end of a word.
  const far = [...enterNetwork, "socat", "-", "TCP\\:127.0.0.1\\:$2"].join(" ");
  const lead = enterNetwork.length === 0 ? "wait" : `socat TCP-LISTEN:$2,bind=127.0.0.1,fork,reuseaddr EXEC:"${far}"`;
  await script(
    "port-forward",
    `trap 'kill $child' EXIT
trap exit INT TERM
${kubectl} -n "$3" port-forward "$1" "$2" >/dev/null &
child=$!
echo "http://127.0.0.1:$2 (ctrl-C ends it)"
${lead}`,
  );
}

async function script(name: string, text: string): Promise<void> {
  await writeFile(join(home, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

/** What the demo runs on; null where it does not run. */
export async function readPlace(): Promise<DemoPlace | null> {
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null) return null;
  const place = JSON.parse(text) as DemoPlace;
  return alive(place.keeper) ? place : null;
}

/** Whether a process is there. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
