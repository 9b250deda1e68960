import { describe, expect, test } from "vitest";
import { validate } from "../../crds/validate.ts";
import { manifest } from "./manifest.ts";
import { right } from "./right-manifests.ts";
import { wrong } from "./wrong-manifests.ts";

describe("validate accepts", () => {
  test.each(right)("$title", (change) => {
    const { resource, problems } = validate(manifest(change));
    expect(problems).toEqual([]);
    expect(resource).toMatchObject({ kind: change.of ?? "Pipeline" });
  });
});

describe("validate refuses", () => {
  test.each(wrong)("$title", (mistake) => {
    const { resource, problems } = validate(manifest(mistake));
    expect(Object.fromEntries(problems.map(({ path, message }) => [path, message]))).toEqual(mistake.wrong);
    expect(problems).toHaveLength(Object.keys(mistake.wrong).length);
    expect(resource).toBeNull();
  });
});

test("no message shows what may be a secret", () => {
  const messages = wrong.flatMap((mistake) => validate(manifest(mistake)).problems.map(({ message }) => message));
  expect(messages.join("\n")).not.toContain("hunter2");
});

test("validate fills in the defaults, inside defaults too, and leaves what it was given alone", () => {
  const given = manifest({ title: "", set: { "spec.transform": {}, status: { replicas: 3 } } });
  const before = structuredClone(given);
  expect(validate(given).resource).toEqual({
    apiVersion: "snowline.dev/v1alpha1",
    kind: "Pipeline",
    metadata: { name: "orders" },
    spec: {
      source: {
        kafka: {
          connection: "events",
          topics: ["orders"],
          startFrom: "earliest",
          tombstones: "skip",
          fetchWaitMs: 500,
          format: { json: { columns: { order_id: "VARCHAR" } } },
        },
      },
      transform: { sql: "SELECT * FROM source" },
      sink: {
        duckdb: {
          path: "orders.duckdb",
          schema: "main",
          table: "orders",
          mode: { append: {} },
          schemaEvolution: "none",
          load: { everySeconds: 5, upToBytes: "32Mi", upToRows: 200_000 },
        },
      },
      deadLetter: { stop: {} },
    },
  });
  expect(given).toEqual(before);
});

test.each([
  [{}, { apiVersion: "must be snowline.dev/v1alpha1", kind: "must be one of Pipeline, Connection" }],
  [
    { apiVersion: "snowline.dev/v1", kind: "Pipelin" },
    {
      apiVersion: 'must be snowline.dev/v1alpha1, not "snowline.dev/v1"',
      kind: 'must be one of Pipeline, Connection, not "Pipelin": did you mean Pipeline?',
    },
  ],
  [["a"], { "": "must be an object with apiVersion, kind, metadata, spec" }],
])("validate refuses what is no resource of ours: %j", (value, messages) => {
  expect(Object.fromEntries(validate(value).problems.map(({ path, message }) => [path, message]))).toEqual(messages);
});
