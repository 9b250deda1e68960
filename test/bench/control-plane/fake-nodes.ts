import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ApiServer } from "../../cluster/api-server.ts";
import { freePorts } from "../../kafka/free-port.ts";
import { type GuardedProcess, startGuarded } from "../../kafka/guarded-process.ts";
import { buildGoProgram } from "../../cache/go-program.ts";

const execute = promisify(execFile);
const module = join(import.meta.dirname, "kwok");
/** KWOK's own rules for nodes and pods that come up at once, in its module. */
const stages = [
  "node/fast/node-initialize.yaml",
  "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
  "pod/fast/pod-ready.yaml",
  "pod/fast/pod-complete.yaml",
  "pod/fast/pod-delete.yaml",
];
/** Pods that one node takes: the default of the kubelet is 110, but these run nothing. */
const podsPerNode = 500;
const startTimeoutMs = 30_000;

/** Nodes without a kubelet: KWOK says of each pod on them that it runs and is ready. Room for `pods`. */
export async function startFakeNodes(apiServer: ApiServer, pods: number, say: (line: string) => void): Promise<GuardedProcess> {
  const takes = "4 minutes on 2 cores";
  const program = await buildGoProgram({ name: "kwok", module, package: "sigs.k8s.io/kwok/cmd/kwok", takes }, say);
  const config = join(apiServer.place.directory, "kwok.yaml");
  await writeFile(config, await stageFiles());
  const [port] = (await freePorts(1)) as [number];
  const kwok = startGuarded(
    [
      program,
      `--kubeconfig=${apiServer.kubeconfig}`,
      `--config=${config}`,
      "--manage-all-nodes=true",
      `--server-address=127.0.0.1:${port}`,
      // Addresses of the loopback: whoever asks these pods is refused at once, and nothing leaves the machine.
      "--cidr=127.64.0.1/10",
      "--node-ip=127.0.0.1",
      "--node-lease-duration-seconds=40",
      "--v=INFO",
    ],
    { name: "kwok" },
  );
  const nodes = Array.from({ length: Math.ceil((pods * 1.1) / podsPerNode) }, (_, index) => node(`fake-${index + 1}`));
  await apiServer.kubectl(["apply", "-f", "-"], { input: JSON.stringify({ apiVersion: "v1", kind: "List", items: nodes }) });
  await apiServer.kubectl(["wait", "--for=condition=Ready", "node", "--all", `--timeout=${startTimeoutMs / 1000}s`]);
  return kwok;
}

async function stageFiles(): Promise<string> {
  const { stdout } = await execute("go", ["list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok"], { cwd: module });
  const texts = stages.map((stage) => readFile(join(stdout.trim(), "kustomize", "stage", stage), "utf8"));
  return (await Promise.all(texts)).join("\n---\n");
}

function node(name: string): unknown {
  const capacity = { cpu: "10000", memory: "10Ti", pods: String(podsPerNode) };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" } },
    status: { capacity, allocatable: capacity },
  };
}
