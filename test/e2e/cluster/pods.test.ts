import { expect, test } from "vitest";
import { openField, until } from "./field.ts";

test("pods that are killed on their node lose and double nothing", async () => {
  await using field = await openField();
  const topic = await field.topic();
  await field.apply(field.manifest("orders", topic, { replicas: 2 }));
  await field.condition("orders", "Ready", "True");
  const stop = topic.writeSteadily(300);
  for (let kill = 0; kill < 3; kill++) {
    const pods = await field.pods("orders");
    const victim = pods[kill % pods.length]!;
    const restarts = victim.status.containerStatuses?.[0]?.restartCount ?? 0;
    await field.cluster.killContainer(field.namespace, victim.metadata.name);
    await until("the container to be started again", async () => {
      const now = (await field.pods("orders")).find(({ metadata }) => metadata.uid === victim.metadata.uid);
      const container = now?.status.containerStatuses?.[0];
      return (container?.restartCount ?? 0) > restarts && container?.ready === true ? true : undefined;
    });
  }
  await field.kubectl("delete", "pods", "-l", "snowline.dev/pipeline=orders", "--grace-period=0", "--force");
  await stop();
  await field.arrived("orders", topic);
  await field.condition("orders", "Ready", "True");
});

test("a pod that is given too little memory is named as such, and works once it has more", async () => {
  await using field = await openField();
  const topic = await field.topic();
  await topic.write(100);
  const withMemory = (memory: string): object =>
    field.manifest("orders", topic, { pod: { resources: { requests: { cpu: "50m", memory }, limits: { memory } } } });
  await field.apply(withMemory("64Mi"));
  const told = await until("the kill to be told", async () => {
    const ready = (await field.pipeline("orders"))?.status?.conditions?.find(({ type }) => type === "Ready");
    return ready?.status === "False" && ready.reason !== "RollingOut" ? ready : undefined;
  });
  expect(told).toMatchObject({ reason: "OOMKilled", message: expect.stringContaining("spec.pod.resources") });
  await field.apply(withMemory("1Gi"));
  await field.arrived("orders", topic);
  await field.condition("orders", "Ready", "True");
});

test("an eviction waits for the budget, and the pipeline goes on", async () => {
  await using field = await openField();
  const topic = await field.topic();
  await field.apply(field.manifest("orders", topic, { replicas: 2 }));
  await field.condition("orders", "Ready", "True");
  const stop = topic.writeSteadily(200);
  const pods = await field.pods("orders");
  const evict = (name: string): Promise<string> => {
    const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace: field.namespace } };
    const path = `/api/v1/namespaces/${field.namespace}/pods/${name}/eviction`;
    return field.cluster.kubectl(["create", "--raw", path, "-f", "-"], { input: JSON.stringify(eviction) });
  };
  await evict(pods[0]!.metadata.name);
  await expect(evict(pods[1]!.metadata.name)).rejects.toThrow(/disruption budget/);
  await until("the second to be evicted once the first is replaced", async () => {
    try {
      await evict(pods[1]!.metadata.name);
      return true;
    } catch (error) {
      if ((error as Error).message.includes("disruption budget")) return undefined;
      throw error;
    }
  });
  await stop();
  await field.arrived("orders", topic);
});

test("a namespace with the restricted profile takes the pods", async () => {
  await using field = await openField({
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/enforce-version": "latest",
  });
  const topic = await field.topic();
  await topic.write(100);
  await field.apply(field.manifest("orders", topic));
  await field.condition("orders", "Ready", "True");
  await field.arrived("orders", topic);
});
