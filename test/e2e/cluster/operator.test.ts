import { expect, test } from "vitest";
import { openField, until } from "./field.ts";
import { operatorNamespace, sharedInstallation } from "./shared-installation.ts";

/** Of each pod: a restarted container is another one. */
async function podsAndRestarts(field: Awaited<ReturnType<typeof openField>>): Promise<readonly string[]> {
  const pods = await field.pods("orders");
  return pods.map(({ metadata, status }) => `${metadata.uid} ${status.containerStatuses?.[0]?.restartCount}`).toSorted();
}

test("an operator that is upgraded or killed rolls no pipeline", async () => {
  await using field = await openField();
  const installation = await sharedInstallation();
  const topic = await field.topic();
  await topic.write(100);
  await field.apply(field.manifest("orders", topic, { replicas: 2 }));
  await field.condition("orders", "Ready", "True");
  const before = await podsAndRestarts(field);
  const { generation } = (await field.pipeline("orders"))!.metadata;
  // Another image for new pods is the most that an upgrade can bring.
  await installation.upgrade({ "runtime.image.tag": "another", "podLabels.upgraded": "yes" });
  await field.cluster.kubectl(["-n", operatorNamespace, "delete", "pods", "--all", "--grace-period=0", "--force"]);
  await field.cluster.kubectl(["-n", operatorNamespace, "rollout", "status", "deployment", "--timeout=120s"]);
  // It works: a change of the scale alone comes about, with the pods as they were.
  await field.kubectl("scale", "pipeline/orders", "--replicas=3");
  await until("three pods", async () => ((await field.pipeline("orders"))?.status?.readyReplicas === 3 ? true : undefined));
  const after = await podsAndRestarts(field);
  expect(after).toEqual(expect.arrayContaining([...before]));
  expect(after).toHaveLength(3);
  expect((await field.pipeline("orders"))!.metadata.generation).toBe(generation + 1);
  await topic.write(100);
  await field.arrived("orders", topic);
  await installation.upgrade({});
});

test("the one that leads is killed, and the other takes over", async () => {
  await using field = await openField();
  const installation = await sharedInstallation();
  const holder = await installation.leader();
  await field.cluster.kubectl(["-n", operatorNamespace, "delete", "pod", holder, "--grace-period=0", "--force"]);
  const topic = await field.topic();
  await topic.write(100);
  await field.apply(field.manifest("orders", topic));
  await field.condition("orders", "Ready", "True");
  expect(await installation.leader()).not.toBe(holder);
  await field.arrived("orders", topic);
});

test("what is wrong is refused at kubectl apply with the field and the fix, and kubectl diff and --dry-run=server work", async () => {
  await using field = await openField();
  const topic = await field.topic();
  const wrong = field.manifest("orders", topic, { transform: { sql: "SELECT idd FROM source" } });
  await expect(field.apply(wrong)).rejects.toThrow(/spec\.transform\.sql.*idd/s);
  const right = JSON.stringify(field.manifest("orders", topic));
  const kubectl = (...args: readonly string[]) => field.cluster.kubectl(["-n", field.namespace, ...args], { input: right });
  expect(await kubectl("apply", "--dry-run=server", "-f", "-")).toContain("created (server dry run)");
  // diff ends with 1 where there is a difference.
  await expect(kubectl("diff", "-f", "-")).rejects.toThrow("kubectl -n");
  await kubectl("apply", "-f", "-");
  expect(await kubectl("diff", "-f", "-")).toBe("");
});

test("helm test passes: the canary pipeline works", async () => {
  const installation = await sharedInstallation();
  expect(await installation.helm("test", "snowline", "--timeout", "240s")).toContain("Phase:          Succeeded");
});
