import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { type GivenCluster, givenCluster } from "../../cluster/cluster-for-tests.ts";
import { sharedBroker } from "../../kafka/shared-broker.ts";

const execute = promisify(execFile);
const chart = join(import.meta.dirname, "..", "..", "..", "charts", "snowline");

/** Where the operator is. */
export const operatorNamespace = "snowline-system";

/** The operator on the run's cluster, installed by its chart, and the run's broker. */
export interface SharedInstallation {
  readonly cluster: GivenCluster;
  readonly bootstrap: string;
  /** helm on the cluster, in the operator's namespace; resolves to what it printed. */
  helm(...args: readonly string[]): Promise<string>;
  /** `helm upgrade` with other values, and none of those of earlier upgrades; waits until it is done. */
  upgrade(values: Readonly<Record<string, string>>): Promise<void>;
  /** Name of the pod that leads. */
  leader(): Promise<string>;
}

let opened: Promise<SharedInstallation> | null = null;

/** Installs the operator where it is not installed yet: the first test file does, the others find it. */
export function sharedInstallation(): Promise<SharedInstallation> {
  return (opened ??= open());
}

async function open(): Promise<SharedInstallation> {
  const cluster = await givenCluster();
  const { bootstrap } = await sharedBroker();
  const helm = (...args: readonly string[]): Promise<string> => runHelm(cluster, ["--namespace", operatorNamespace, ...args]);
  const [repository, tag] = cluster.image.split(":") as [string, string];
  const upgrade = async (values: Readonly<Record<string, string>>): Promise<void> => {
    const all = { "image.repository": repository, "image.tag": tag, "resources.requests.cpu": "50m", ...values };
    const set = Object.entries(all).flatMap(([key, value]) => ["--set-string", `${key}=${value}`]);
    await helm("upgrade", "snowline", chart, "--install", "--create-namespace", "--wait", "--timeout", "180s", ...set);
  };
  if (!(await helm("list", "--short")).includes("snowline")) await upgrade({});
  return {
    cluster,
    bootstrap,
    helm,
    upgrade,
    leader: async () => {
      const path = "jsonpath={.spec.holderIdentity}";
      const holder = await cluster.kubectl(["-n", operatorNamespace, "get", "lease", "snowline", "-o", path]);
      return holder.split("_")[0] ?? "";
    },
  };
}

async function runHelm({ place, kubeconfig }: GivenCluster, args: readonly string[]): Promise<string> {
  const words = [...(place.enter ?? []), join(place.programs, "helm"), "--kubeconfig", kubeconfig, ...args];
  const [program, ...rest] = words as [string, ...string[]];
  const { stdout } = await execute(program, rest).catch((cause: unknown) => {
    const { stderr = "" } = cause as { stderr?: string };
    throw new Error(`helm ${args.join(" ")}: ${stderr.trim()}`, { cause });
  });
  return stdout;
}
