import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  keepsRevision,
  revisionConfigMap,
  type RevisionConfigMap,
  revisionFrom,
  withFilesRead,
} from "../../../operator/pipeline/revision-config-map.ts";
import { readPodFile } from "../../../runtime/pod/pod-file.ts";
import { orders, ordersRevision } from "./orders.ts";

const owner = { namespace: "shop", name: "orders", uid: "pipeline-uid" };
const revision = ordersRevision({ metadata: { generation: 4 } });
const made = revisionConfigMap(owner, revision);

test("a revision is read back as it was kept", () => {
  expect(revisionFrom(JSON.parse(JSON.stringify(made)) as RevisionConfigMap)).toEqual(revision);
  expect(made).toMatchObject({
    immutable: true,
    metadata: {
      name: `pipeline-orders-${revision.hash}`,
      labels: {
        "app.kubernetes.io/managed-by": "snowline",
        "snowline.dev/pipeline": "orders",
        "snowline.dev/revision": revision.hash,
      },
      annotations: { "snowline.dev/identity": revision.identity },
      ownerReferences: [{ kind: "Pipeline", name: "orders", uid: "pipeline-uid", controller: true }],
    },
  });
});

test("the pods' file is what the runtime reads", async () => {
  const directory = await mkdtemp(join(tmpdir(), "snowline-revision-"));
  try {
    const path = join(directory, "pipeline.json");
    await writeFile(path, made.data["pipeline.json"]);
    const { pipeline, connections } = await readPodFile(path);
    const inputs = orders();
    expect(pipeline.metadata).toEqual({ name: "orders", namespace: "shop", generation: 4 });
    expect(pipeline.spec).toEqual(inputs.pipeline.spec);
    expect(connections.map(({ metadata, spec }) => [metadata.name, spec])).toEqual(
      [...inputs.connections].map(([name, connection]) => [name, connection?.spec]),
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test("what an operator of another version wrote beside is passed over, and stays", () => {
  const rest = JSON.parse(made.data["revision.json"]) as object;
  const live = {
    ...made,
    data: { ...made.data, "revision.json": JSON.stringify({ brandNew: 1, ...rest }), "more.json": "{}" },
  };
  expect(revisionFrom(live)).toEqual(revision);
  const kept = revisionConfigMap(owner, { ...revision, identity: "5-other" }, live);
  expect(kept.data).toEqual(live.data);
  expect(kept.metadata.annotations).toEqual({ "snowline.dev/identity": "5-other" });
});

test("with its files read it is the same revision, and its data comes out again to the byte", () => {
  const spaced = JSON.stringify({ b: 1, a: 2 }, null, 2);
  const live = { ...made, data: { ...made.data, "spaced.json": spaced, "notes.txt": "no JSON" } };
  const kept = withFilesRead(live);
  expect(Object.keys(kept.files ?? {})).toEqual(["pipeline.json", "revision.json"]);
  expect(kept.data).toEqual({ "spaced.json": spaced, "notes.txt": "no JSON" });
  expect(revisionFrom(kept)).toEqual(revision);
  expect(revisionConfigMap(owner, revision, kept).data).toEqual(live.data);
});

test("a ConfigMap that can be changed says less than all of its revision", () => {
  expect(keepsRevision(owner, revision, { ...made, immutable: false })).toBe(false);
});

test.each<[string, boolean, Partial<RevisionConfigMap["metadata"]>]>([
  ["as it was made", true, {}],
  ["with more labels of others", true, { labels: { ...made.metadata.labels, more: "x" } }],
  ["with another identity", false, { annotations: { "snowline.dev/identity": "5-other" } }],
  ["without a label", false, { labels: {} }],
  ["of nobody", false, { ownerReferences: [] }],
])("a ConfigMap %s says all of its revision: %j", (_what, keeps, metadata) => {
  expect(keepsRevision(owner, revision, { ...made, metadata: { ...made.metadata, ...metadata } })).toBe(keeps);
});

const withData = (data: Record<string, string>): RevisionConfigMap => ({ ...made, data });
test.each<[string, RevisionConfigMap]>([
  ["no data", { ...made, data: {} }],
  ["no label", { ...made, metadata: { ...made.metadata, labels: {} } }],
  ["text that is no JSON", withData({ ...made.data, "pipeline.json": "{" })],
  ["JSON that is no object", withData({ ...made.data, "revision.json": "[]" })],
  ["a file of something else", withData({ ...made.data, "pipeline.json": "{}" })],
  ["a revision without a template", withData({ ...made.data, "revision.json": '{"references":[]}' })],
])("a ConfigMap with %s is no revision", (_what, configMap) => {
  expect(revisionFrom(configMap)).toBeNull();
});
