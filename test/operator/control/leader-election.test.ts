import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defaultLeaseTiming } from "../../../operator/control/lease.ts";
import type { ApiAccess } from "../../cluster/api-access.ts";
import { startApiServer } from "../../cluster/api-server.ts";
import { sharedApiServer } from "../../cluster/shared-api-server.ts";
import { uniqueName } from "../../kafka/unique-name.ts";
import { startCandidate } from "./start-candidate.ts";
import { startTcpProxy } from "./tcp-proxy.ts";

/** A tenth of the real one, where nothing but waiting would be gained by more. */
const fast = { leaseMs: 3_000, renewDeadlineMs: 2_000, retryMs: 400 };

let server: ApiAccess;
let directory: string;
beforeAll(async () => {
  server = await sharedApiServer();
  directory = await mkdtemp(join(tmpdir(), "snowline-election-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function place(of: ApiAccess = server) {
  const namespace = uniqueName("election");
  await of.kubectl(["create", "namespace", namespace]);
  const lease = { namespace, name: "leader" };
  const spec = async (): Promise<Record<string, unknown>> =>
    JSON.parse(await of.kubectl(["get", "lease", "leader", "-n", namespace, "-o", "jsonpath={.spec}"])) as Record<
      string,
      unknown
    >;
  const written = async (): Promise<string[]> =>
    (await of.kubectl(["get", "configmaps", "-n", namespace, "-o", "jsonpath={.items[*].metadata.name}"]))
      .split(" ")
      .filter((name) => name !== "kube-root-ca.crt" && name !== "");
  return { lease, spec, written };
}

/** A kubeconfig that goes through the proxy. */
async function kubeconfigThrough(port: number, of: ApiAccess = server): Promise<string> {
  const path = join(directory, `${uniqueName("proxied")}.kubeconfig`);
  await writeFile(path, of.kubeconfigText.replaceAll(of.url, `https://127.0.0.1:${port}`));
  return path;
}

test("of two one leads; when it is killed the other takes over after the lease has run out", async () => {
  const { lease, spec } = await place();
  await using one = startCandidate({ kubeconfig: server.kubeconfig, lease, identity: "one", timing: fast });
  await one.saw({ leads: "one" }, 20_000);
  await using two = startCandidate({ kubeconfig: server.kubeconfig, lease, identity: "two", timing: fast });
  await two.saw({ following: "one" }, 20_000);
  const killedMs = performance.now();
  await one.kill();
  await two.saw({ leads: "two" }, 20_000);
  expect(performance.now() - killedMs).toBeGreaterThan(fast.leaseMs - fast.retryMs - 200);
  expect(await spec()).toMatchObject({ holderIdentity: "two", leaseTransitions: 1, leaseDurationSeconds: 3 });
});

test("who stops gives the lease back: the other leads within two seconds", async () => {
  const { lease, spec } = await place();
  await using one = startCandidate({ kubeconfig: server.kubeconfig, lease, identity: "one" });
  await one.saw({ leads: "one" }, 20_000);
  await using two = startCandidate({ kubeconfig: server.kubeconfig, lease, identity: "two" });
  await two.saw({ following: "one" }, 20_000);
  one.tell("stop");
  expect(await one.ended).toBe(0);
  const stoppedMs = performance.now();
  await two.saw({ leads: "two" }, 20_000);
  // Two seconds, and what a busy machine makes of them.
  expect(performance.now() - stoppedMs).toBeLessThan(3_000);
  expect(await spec()).toMatchObject({ holderIdentity: "two", leaseTransitions: 1 });
});

test("a leader whose event loop is blocked for 12 s leads on", async () => {
  const { lease, spec } = await place();
  await using one = startCandidate({ kubeconfig: server.kubeconfig, lease, identity: "one" });
  await one.saw({ leads: "one" }, 20_000);
  await using two = startCandidate({ kubeconfig: server.kubeconfig, lease, identity: "two" });
  await two.saw({ following: "one" }, 20_000);
  one.tell("block 12000");
  await one.saw({ write: "after-12000", outcome: "written" }, 25_000);
  expect(await spec()).toMatchObject({ holderIdentity: "one", leaseTransitions: 0 });
  expect(one.lines.filter(({ lost }) => lost !== undefined)).toEqual([]);
}, 60_000);

test.for(["cut", "stall"] as const)(
  "a leader whose connection to the API server is gone (%s) writes nothing more",
  { timeout: 60_000 },
  async (how) => {
    const { lease, written } = await place();
    await using proxy = await startTcpProxy(Number(new URL(server.url).port));
    const kubeconfig = await kubeconfigThrough(proxy.port);
    await using one = startCandidate({ kubeconfig, lease, identity: "one", timing: fast });
    await one.saw({ leads: "one" }, 20_000);
    one.tell("write before");
    await one.saw({ write: "before", outcome: "written" }, 10_000);
    await using two = startCandidate({ kubeconfig: server.kubeconfig, lease, identity: "two", timing: fast });
    await two.saw({ following: "one" }, 20_000);
    proxy[how]();
    await one.saw({ lost: "one" }, fast.renewDeadlineMs + 2_000);
    await two.saw({ leads: "two" }, fast.leaseMs + 5_000);
    two.tell("write two");
    await two.saw({ write: "two", outcome: "written" }, 10_000);
    expect(await written()).toEqual(["before", "two"]);
  },
);

test("a leader that was blocked while its lease ran out notices before its next write", async () => {
  const { lease, written } = await place();
  await using proxy = await startTcpProxy(Number(new URL(server.url).port));
  const kubeconfig = await kubeconfigThrough(proxy.port);
  await using one = startCandidate({ kubeconfig, lease, identity: "one", timing: fast });
  await one.saw({ leads: "one" }, 20_000);
  await using two = startCandidate({ kubeconfig: server.kubeconfig, lease, identity: "two", timing: fast });
  await two.saw({ following: "one" }, 20_000);
  proxy.cut();
  one.tell("block 6000");
  await two.saw({ leads: "two" }, 15_000);
  proxy.mend();
  // Nothing of its event loop has run since: the signal is not aborted yet.
  expect(await one.saw({ write: "after-6000" }, 15_000)).toMatchObject({ outcome: "LeadershipLost", aborted: false });
  await one.saw({ lost: "one" }, 5_000);
  expect(await written()).toEqual([]);
});

test("an API server that is away for longer than the deadline ends the term, and is found again", async () => {
  await using own = await startApiServer();
  const { lease } = await place(own);
  await using proxy = await startTcpProxy(Number(new URL(own.url).port));
  const kubeconfig = await kubeconfigThrough(proxy.port, own);
  await using one = startCandidate({ kubeconfig, lease, identity: "one", timing: fast });
  await one.saw({ leads: "one" }, 20_000);
  proxy.cut();
  await one.saw({ lost: "one" }, fast.renewDeadlineMs + 2_000);
  await own.restart();
  proxy.mend();
  one.tell("write again");
  await one.saw({ write: "again", outcome: "written" }, 30_000);
}, 90_000);

test("the times are client-go's", () => {
  expect(defaultLeaseTiming).toEqual({ leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 });
});
