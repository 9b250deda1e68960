import { expect, test } from "vitest";
import { type Field, openField, until } from "./field.ts";

const gone = (field: Field, ...what: readonly string[]) =>
  until(`${what.join(" ")} to be gone`, async () =>
    (await field.kubectl("get", ...what, "-o", "name", "--ignore-not-found")) === "" ? true : undefined,
  );

test("suspend drains and says when it is drained, and resume goes on where it ended", async () => {
  await using field = await openField();
  const topic = await field.topic();
  await field.apply(field.manifest("orders", topic));
  await field.condition("orders", "Ready", "True");
  const stop = topic.writeSteadily(200);
  await field.kubectl("patch", "pipeline", "orders", "--type=merge", "-p", '{"spec":{"suspend":true}}');
  const drained = await until("drained", async () => {
    const pipeline = await field.pipeline("orders");
    return pipeline?.status?.drained === true ? pipeline : undefined;
  });
  // One that has ended may be listed a moment longer.
  expect((await field.pods("orders")).map(({ status }) => status.phase).filter((phase) => phase !== "Succeeded")).toEqual([]);
  expect(drained.status?.conditions?.find(({ type }) => type === "Ready")).toMatchObject({
    status: "False",
    reason: "Suspended",
  });
  const loaded = (await field.numbers("orders")).length;
  await stop();
  expect((await field.numbers("orders")).length).toBe(loaded);
  await field.kubectl("patch", "pipeline", "orders", "--type=merge", "-p", '{"spec":{"suspend":false}}');
  await field.arrived("orders", topic);
});

test("kubectl scale changes the number of pods and nothing else, down to none", async () => {
  await using field = await openField();
  const topic = await field.topic();
  await field.apply(field.manifest("orders", topic, { replicas: 1 }));
  await field.condition("orders", "Ready", "True");
  const [first] = await field.pods("orders");
  await field.kubectl("scale", "pipeline/orders", "--replicas=3");
  await until("three pods", async () => ((await field.pipeline("orders"))?.status?.readyReplicas === 3 ? true : undefined));
  expect((await field.pods("orders")).map(({ metadata }) => metadata.uid)).toContain(first?.metadata.uid);
  await topic.write(500);
  await field.arrived("orders", topic);
  await field.kubectl("scale", "pipeline/orders", "--replicas=0");
  await until("no pod", async () => ((await field.pods("orders")).length === 0 ? true : undefined));
  await topic.write(10);
  await field.kubectl("scale", "pipeline/orders", "--replicas=1");
  await field.arrived("orders", topic);
});

test("a new secret rolls the pods, and what needs it works again", async () => {
  await using field = await openField();
  const topic = await field.topic();
  await topic.write(100);
  await field.apply(field.manifest("orders", topic));
  await field.condition("orders", "Ready", "True");
  await field.arrived("orders", topic);
  const [before] = await field.pods("orders");
  const text = await field.kubectl("get", "secret", "snowflake", "-o", "json");
  const secret = JSON.parse(text) as { data: Record<string, string> };
  await field.kubectl(
    "patch",
    "secret",
    "snowflake",
    "--type=merge",
    "-p",
    JSON.stringify({ data: { ...secret.data, rotated: "eWVz" } }),
  );
  await until("the pods to be replaced", async () => {
    const pods = await field.pods("orders");
    return pods.length === 1 && pods[0]?.metadata.uid !== before?.metadata.uid ? true : undefined;
  });
  await topic.write(100);
  await field.arrived("orders", topic);
  const events = await field.kubectl("get", "events", "-o", 'jsonpath={range .items[*]}{.message}{"\\n"}{end}');
  expect(events).toContain("Secret snowflake");
});

test("delete drains first and leaves nothing behind", async () => {
  await using field = await openField();
  const topic = await field.topic();
  await field.apply(field.manifest("orders", topic, { replicas: 2 }));
  await field.condition("orders", "Ready", "True");
  const stop = topic.writeSteadily(300);
  await field.kubectl("delete", "pipeline", "orders", "--timeout=120s");
  const loaded = await field.numbers("orders");
  await stop();
  expect(await field.numbers("orders")).toEqual(loaded);
  await gone(
    field,
    "deployments,configmaps,serviceaccounts,poddisruptionbudgets,networkpolicies,pods",
    "-l",
    "app.kubernetes.io/managed-by=snowline",
  );
  // Made again, it goes on: the positions are the warehouse's.
  await field.apply(field.manifest("orders", topic));
  await field.arrived("orders", topic);
});
