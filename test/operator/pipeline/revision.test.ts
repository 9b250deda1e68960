import { expect, test } from "vitest";
import { annotation } from "../../../operator/pipeline/names.ts";
import { contentOf, hashOf, identityOf, revisionOf } from "../../../operator/pipeline/revision.ts";
import { orders, type OrdersOptions, ordersRevision, settings, texts } from "./orders.ts";

const hash = (options: OrdersOptions): string => hashOf(contentOf(orders(options)));
const identity = (options: OrdersOptions): string => identityOf(orders(options));

test.each<[string, OrdersOptions]>([
  ["replicas", { set: { "spec.replicas": 7 } }],
  ["scaling", { set: { "spec.scaling": { max: 4 } } }],
  ["suspend", { set: { "spec.suspend": true } }],
  ["the rollout's deadline", { set: { "spec.rollout": { deadlineSeconds: 60 } } }],
  ["how many rows are expected, which no pod can judge", { set: { "spec.quality": { rows: { warnBelow: 1 } } } }],
  ["the generation", { metadata: { generation: 9 } }],
  ["labels and annotations of the Pipeline", { metadata: { labels: { a: "b" }, annotations: { a: "b" } } }],
  ["a default that is written out", { set: { "spec.source.kafka.fetchWaitMs": 500 } }],
])("%s makes no other revision", (_what, options) => {
  expect(hash(options)).toBe(hash({}));
  expect(ordersRevision(options).template).toEqual(ordersRevision().template);
});

test.each<[string, OrdersOptions]>([
  ["the SQL", { set: { "spec.transform.sql": "SELECT 1 AS a FROM source" } }],
  ["the pods' memory", { set: { "spec.pod.resources": { limits: { memory: "2Gi" } } } }],
  ["what part of the records may be rejected", { set: { "spec.quality": { rejected: { warnAbove: 0.1 } } } }],
  ["a field of a Connection", { warehouse: { "spec.snowflake.role": "OTHER" } }],
  ["a Secret's version", { versions: { "Secret/user": "user-uid/2" } }],
  ["a Secret that was made again", { versions: { "Secret/user": "other-uid/1" } }],
  ["a ConfigMap's version", { versions: { "ConfigMap/kafka-ca": "kafka-ca-uid/2" } }],
  ["the roll annotation", { metadata: { annotations: { [annotation.roll]: "today" } } }],
])("%s makes another revision", (_what, options) => {
  expect(hash(options)).not.toBe(hash({}));
  expect(ordersRevision(options).template.metadata.labels).not.toEqual(ordersRevision().template.metadata.labels);
});

test("the order in which the API server writes a map makes no other revision", () => {
  const columns = "spec.source.kafka.format.json.columns";
  expect(hash({ set: { [columns]: { a: "INTEGER", b: "DATE" } } })).toBe(
    hash({ set: { [columns]: { b: "DATE", a: "INTEGER" } } }),
  );
});

test("another image of the operator makes no other revision, so that its upgrade rolls nothing", () => {
  const upgraded = revisionOf(orders(), { ...settings, runtimeImage: "registry.example/snowline/runtime:0.2.0" });
  expect(upgraded.revision?.hash).toBe(ordersRevision().hash);
  expect(JSON.stringify(upgraded.revision?.template)).toContain("runtime:0.2.0");
});

test("a custom resource definition with new defaults changes the content but not the identity", () => {
  const before = orders();
  const spec = { ...before.pipeline.spec, brandNew: { everySeconds: 30 } };
  const after = { ...before, pipeline: { ...before.pipeline, spec } };
  expect(identityOf(after)).toBe(identityOf(before));
  expect(hashOf(contentOf(after))).not.toBe(hashOf(contentOf(before)));
});

test.each<[string, OrdersOptions]>([
  ["the Pipeline's generation", { metadata: { generation: 2 } }],
  ["a Pipeline of the same name made anew", { metadata: { uid: "another" } }],
  ["the roll annotation", { metadata: { annotations: { [annotation.roll]: "today" } } }],
  ["a Secret's version", { versions: { "Secret/user": "user-uid/2" } }],
  ["a Secret that is gone", { versions: { "Secret/user": null } }],
])("%s is another identity", (_what, options) => {
  expect(identity(options)).not.toBe(identity({}));
});

test.each(["generation", "uid"] as const)("a Connection's %s is another identity", (member) => {
  const inputs = orders();
  const events = inputs.connections.get("events")!;
  const other = { ...events, metadata: { ...events.metadata, [member]: member === "generation" ? 2 : "another" } };
  expect(identityOf({ ...inputs, connections: new Map([...inputs.connections, ["events", other]]) })).not.toBe(identity({}));
});

test("an identity says its generation, and the order in which things were found does not matter", () => {
  const { references, connections, ...inputs } = orders({ metadata: { generation: 12 } });
  const turned = {
    ...inputs,
    references: references.toReversed(),
    connections: new Map([...connections].toReversed()),
  };
  expect(identityOf(turned)).toBe(identity({ metadata: { generation: 12 } }));
  expect(identityOf(turned)).toMatch(/^12-[0-9a-f]{24}$/);
  expect(hashOf(contentOf(turned))).toBe(hash({}));
});

test.each<[string, OrdersOptions, string]>([
  [
    "a Secret that can be none",
    { events: { "spec.kafka.sasl.scram.passwordFrom": { secret: "No_Secret", key: "a" } } },
    'Connection events: spec.kafka.sasl.scram.passwordFrom: "No_Secret" can be no Secret\'s name: small letters, digits, dashes and dots only',
  ],
  [
    "a key that leads out of its volume",
    { events: { "spec.kafka.tls.caFrom": { configMap: "ca", key: "../../token" } } },
    'Connection events: spec.kafka.tls.caFrom: "../../token" can be no key of a ConfigMap: letters, digits, dashes, underscores and dots only',
  ],
  [
    "a key that the API server would refuse",
    { events: { "spec.kafka.tls.caFrom": { configMap: "ca", key: "..2026" } } },
    'Connection events: spec.kafka.tls.caFrom: "..2026" can be no key of a ConfigMap: letters, digits, dashes, underscores and dots only',
  ],
  [
    "a pipeline that is too large for a ConfigMap",
    { set: { "spec.pod.env": Array.from({ length: 40 }, (_, n) => ({ name: `V${n}`, value: "x".repeat(32_768) })) } },
    "spec: the compiled pipeline has ",
  ],
])("%s is told, and makes no revision", (_what, options, message) => {
  const { revision, problems } = revisionOf(orders(options), settings);
  expect(revision).toBeNull();
  expect(texts(problems)).toEqual([expect.stringContaining(message)]);
});
