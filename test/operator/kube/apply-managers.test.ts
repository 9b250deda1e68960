import { expect, it } from "vitest";
import { hasUpdateEntry, movedToApply } from "../../../operator/kube/apply-managers.ts";

const entry = (manager: string, operation: "Apply" | "Update", fieldsV1: object = {}, subresource?: string) => ({
  manager,
  operation,
  fieldsV1: fieldsV1 as Readonly<Record<string, never>>,
  ...(subresource && { subresource }),
});

it("what a manager updated becomes what it applied, joined with what it had applied already", () => {
  const kubectl = entry("kubectl", "Update", { "f:spec": { "f:replicas": {} } });
  const status = entry("us", "Update", { "f:status": {} }, "status");
  const ours = [
    entry("us", "Update", { "f:metadata": { "f:labels": { ".": {}, "f:a": {} } } }),
    entry("us", "Apply", { "f:metadata": { "f:labels": { "f:b": {} } }, "f:spec": {} }),
    entry("us", "Update", { "f:data": {} }),
  ];
  expect(movedToApply([kubectl, ...ours, status], "us")).toEqual([
    kubectl,
    status,
    entry("us", "Apply", { "f:metadata": { "f:labels": { ".": {}, "f:a": {}, "f:b": {} } }, "f:spec": {}, "f:data": {} }),
  ]);
});

it.each([
  ["made with a POST", [entry("us", "Update")], true],
  ["applied", [entry("us", "Apply")], false],
  ["with a status only", [entry("us", "Update", {}, "status")], false],
  ["made by another", [entry("kubectl", "Update")], false],
])("an object %s has fields to make over: %o", (_name, managedFields, has) => {
  expect(hasUpdateEntry({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", managedFields } }, "us")).toBe(has);
  if (!has) expect(movedToApply(managedFields, "us")).toEqual(managedFields);
});
