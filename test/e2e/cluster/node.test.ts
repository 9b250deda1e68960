import { execFile, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { ClusterPlace } from "../../cluster/cluster-access.ts";
import { givenCluster } from "../../cluster/cluster-for-tests.ts";
import { hasDocker } from "../../cluster/docker.ts";
import { uniqueName } from "../../kafka/unique-name.ts";

const run = promisify(execFile);

/** Runs a script on the image's Node in a pod of its own; resolves to what it printed. */
async function inPod(script: string): Promise<string> {
  const cluster = await givenCluster();
  const name = uniqueName("script");
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      restartPolicy: "Never",
      containers: [{ name: "node", image: cluster.image, imagePullPolicy: "Never", command: ["node", "-e", script] }],
    },
  };
  await cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify(pod) });
  await cluster
    .kubectl(["wait", `pod/${name}`, "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s"])
    .catch(async (error) => {
      throw new Error(await cluster.kubectl(["logs", name]), { cause: error });
    });
  const printed = await cluster.kubectl(["logs", name]);
  await cluster.kubectl(["delete", "pod", name, "--wait=false"]);
  return printed.trim();
}

test("the node is Ready and runs the project's image on its Node", async () => {
  const cluster = await givenCluster();
  await cluster.kubectl(["wait", "node", "--all", "--for=condition=Ready", "--timeout=10s"]);
  expect(await inPod("console.log(process.version)")).toBe(process.version);
  // Nobody, and nothing of what its build was told.
  const told = "['/root/.npmrc', '/root/certificates.pem'].map((file) => fs.existsSync(file))";
  expect(await inPod(`console.log(process.getuid(), ${told}.join())`)).toBe("65532 false,false");
});

test("a pod knows the names of services, and reaches the API server by one", async () => {
  const status = "fetch('https://kubernetes.default/livez').catch((error) => console.log(error.cause.code))";
  // It answers, with a certificate of an authority of its own.
  expect(await inPod(status)).toMatch(/SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE/);
  expect(await inPod("require('dns').promises.lookup('no.such.name').catch(({ code }) => console.log(code))")).toMatch(
    /ENOTFOUND|EAI_AGAIN/,
  );
});

test("a container that is killed on its node is started again", async () => {
  const cluster = await givenCluster();
  const name = uniqueName("killed");
  const script = "setInterval(() => {}, 1000)";
  await cluster.kubectl(["run", name, `--image=${cluster.image}`, "--image-pull-policy=Never", "--", "node", "-e", script]);
  await cluster.kubectl(["wait", `pod/${name}`, "--for=condition=Ready", "--timeout=60s"]);
  await cluster.killContainer("default", name);
  await cluster.kubectl(["wait", `pod/${name}`, "--for=jsonpath={.status.containerStatuses[0].restartCount}=1", "--timeout=60s"]);
  const code = ["get", "pod", name, "-o", "jsonpath={.status.containerStatuses[0].lastState.terminated.exitCode}"];
  expect(await cluster.kubectl(code)).toBe("137");
  await cluster.kubectl(["delete", "pod", name, "--grace-period=0", "--force"]);
});

test.each([
  { how: "is killed", signal: "SIGKILL", group: false },
  { how: "ends with its whole process group", signal: "SIGTERM", group: true },
] as const)("a second cluster beside the first ends without a trace, also when its owner $how", async ({ signal, group }) => {
  if (await hasDocker()) return; // kind's nodes are Docker's
  const script = `
    import { startCluster } from "./test/cluster/cluster.ts";
    const cluster = await startCluster();
    console.log(JSON.stringify(cluster.cluster));
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ["--input-type=module", "-e", script], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const place = await new Promise<string>((resolve, reject) => {
    owner.stdout.once("data", (text: Buffer) => resolve(text.toString()));
    owner.once("exit", (code) => reject(new Error(`the owner ended with ${code}`)));
  });
  const { api, enterNode } = JSON.parse(place) as ClusterPlace;
  const pid = enterNode[1]!.split("=")[1]!;
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  process.kill(group ? -owner.pid! : owner.pid!, signal);
  await expect
    .poll(() => traces(api.directory, pid), { timeout: 60_000, interval: 250 })
    .toEqual({
      directory: false,
      namespaces: false,
      processes: false,
      cgroups: false,
      mounts: false,
    });
});

async function traces(directory: string, pid: string): Promise<Readonly<Record<string, boolean>>> {
  const [processes, cgroups] = await Promise.all([
    run("ps", ["-eo", "args"]),
    run("find", ["/sys/fs/cgroup", "-name", directory.split("/").at(-1)!]),
  ]);
  return {
    directory: existsSync(directory),
    namespaces: existsSync(`/proc/${pid}`),
    processes: processes.stdout.includes(directory),
    cgroups: cgroups.stdout !== "",
    mounts: readFileSync("/proc/mounts", "utf8").includes(directory),
  };
}
