import { expect, test } from "vitest";
import type { KubeObject } from "../../../operator/kube/kube-object.ts";
import type { ObjectKey } from "../../../operator/kube/object-key.ts";
import type { ResourceType } from "../../../operator/kube/resource-type.ts";
import { ApiError } from "../../../operator/kube/api-error.ts";
import { connectionFiles } from "../../../operator/probe/connection-files.ts";
import { orders } from "../pipeline/orders.ts";

const connection = orders().connections.get("events")!.spec;
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const all: Readonly<Record<string, object>> = {
  "secrets/user": { data: { name: base64("me"), password: base64("s3cret") } },
  "configmaps/kafka-ca": { data: { "ca.crt": "a certificate" } },
};

/** Reads of `there`, counted. */
function place(there: Readonly<Record<string, object | ApiError>>) {
  const reads: string[] = [];
  const get = async <T extends KubeObject>({ plural }: ResourceType, { namespace, name }: ObjectKey): Promise<T | null> => {
    reads.push(`${namespace}/${plural}/${name}`);
    const found = there[`${plural}/${name}`];
    if (found instanceof ApiError) throw found;
    return found === undefined ? null : ({ ...found, metadata: { name, namespace } } as unknown as T);
  };
  return { reads, place: { api: { get }, namespace: "shop", signal: new AbortController().signal } };
}

test("each Secret and ConfigMap is read once, and its keys are handed on in base64", async () => {
  const { reads, place: readable } = place(all);
  const files = await connectionFiles(connection, readable);
  expect(files["configMap/kafka-ca/ca.crt"]).toBe(base64("a certificate"));
  expect(files["secret/user/name"]).toBe(base64("me"));
  expect(reads.length).toBe(new Set(reads).size);
  expect(reads.every((read) => read.startsWith("shop/"))).toBe(true);
});

test.each<[string, Readonly<Record<string, object | ApiError>>, RegExp]>([
  [
    "that is not there",
    { ...all, "secrets/user": undefined as unknown as object },
    /there is no Secret "user" in namespace shop/,
  ],
  ["without the key", { ...all, "secrets/user": { data: { password: base64("s3cret") } } }, /Secret user has no key "name"/],
  [
    "that may not be read",
    { ...all, "secrets/user": new ApiError("no", { code: 403, reason: "Forbidden" }) },
    /may not read Secret user.*autoscaling\.scaleToZero\.enabled/,
  ],
  [
    "that cannot be read",
    { ...all, "secrets/user": new ApiError("s3cret", { code: 500, reason: "InternalError" }) },
    /^Secret user: the API server does not give it$/,
  ],
])("a Secret %s is told with what to do, and without what is in others", async (_what, there, message) => {
  const failure = await connectionFiles(connection, place(there).place).catch((error: unknown) => error);
  expect((failure as Error).message).toMatch(message);
  expect((failure as Error).message).not.toContain("s3cret");
});
