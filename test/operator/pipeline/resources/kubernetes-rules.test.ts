import { beforeAll, expect, test } from "vitest";
import type { PodOverrides } from "../../../../crds/kinds/pod-overrides.ts";
import type { KubeObject } from "../../../../operator/kube/kube-object.ts";
import { nanosOf } from "../../../../operator/kube/quantity.ts";
import { canonicalQuantity } from "../../../../operator/pipeline/resources/canonical-quantity.ts";
import { nameProblems } from "../../../../operator/pipeline/resources/name-problems.ts";
import { podOf, type RestrictedNamespace, restrictedNamespace } from "./restricted-namespace.ts";

let place: RestrictedNamespace;
let deployment: KubeObject;
beforeAll(async () => {
  place = await restrictedNamespace();
  const children = await place.children("orders");
  await place.apply(children[0]!);
  deployment = children.at(-1)!;
});

/** Some of an owner's changes. */
type Changes = Pick<PodOverrides, "labels" | "annotations" | "nodeSelector" | "volumes" | "serviceAccountName" | "env">;
/** At the edge of what is taken. */
const names = [
  "a",
  "a.b",
  "-a",
  "a-",
  "A",
  "a_b",
  "a b",
  "",
  "é",
  "x".repeat(63),
  "x".repeat(64),
  "a/b",
  "a.b/c",
  "A.b/c",
  "/c",
  "a/",
  "a..b/c",
];
const places: readonly ((name: string) => Changes)[] = [
  (name) => ({ labels: { [name === "" ? "x" : name]: "v" } }),
  (name) => ({ labels: { x: name } }),
  (name) => ({ annotations: { [name === "" ? "x" : name]: "v" } }),
  (name) => ({ nodeSelector: { x: name } }),
  (name) => ({ volumes: [{ name: name === "" ? "x" : name, emptyDir: {} }] }),
  (name) => ({ serviceAccountName: name === "" ? "x" : name }),
  (name) => ({ env: [{ name: name === "" ? "x" : `${name}=`, value: "" }] }),
];

/** Whether the API server takes a Deployment with pods that are changed so. */
async function isTaken({ labels = {}, annotations = {}, volumes = [], env = [], ...rest }: Changes): Promise<boolean> {
  const pod = podOf(deployment, "orders");
  const { labels: ours, ...metadata } = pod.metadata as { readonly labels: object };
  const spec = {
    ...pod.spec,
    ...rest,
    volumes: [...pod.spec.volumes, ...volumes],
    containers: [{ ...pod.spec.containers[0], env }],
  };
  const template = { metadata: { ...metadata, labels: { ...ours, ...labels }, annotations }, spec };
  const changed = { ...deployment, spec: { ...(deployment as unknown as { spec: object }).spec, template } };
  return place.tryOut(changed).then(
    () => true,
    (error: unknown) => {
      if (!String(error).includes("Invalid value")) throw error;
      return false;
    },
  );
}

test("names are refused here that the API server would refuse, and no others", async () => {
  for (const changeOf of places) {
    const minds = await Promise.all(
      names.map(async (name) => [name, nameProblems(changeOf(name)).length === 0, await isTaken(changeOf(name))] as const),
    );
    for (const [name, ours, theirs] of minds) expect([String(changeOf), name, ours]).toEqual([String(changeOf), name, theirs]);
  }
}, 120_000);

const quantities = [
  ..."0 1 2 10 100 1000 1024 1500 1000000 0.5 .5 5. 1.5 0.1 0.001 0.0001 100m 1000m 1500m 1e3 1e4 1E6 5e-3 12e0".split(" "),
  ..."1k 1000k 1.5k 128M 1G 1Ki 1024Ki 1536Ki 0.5Ki 0.9765625Ki 0.5Gi 1.5Gi 1000Mi 1024Mi 2048Mi 1025Ki 1Ti 1Pi 100u 1n 999999999n 1000000000n 007".split(
    " ",
  ),
];
test("a quantity is written so that the API server prints it the same, and is as much as before", async () => {
  const canonical = quantities.map((quantity) => canonicalQuantity(quantity));
  const volumes = [...canonical, ...quantities].map((sizeLimit, index) => ({ name: `v${index}`, emptyDir: { sizeLimit } }));
  const pod = podOf(deployment, "quantities");
  const created = await place.tryOut<{
    readonly spec: { readonly volumes: readonly { readonly name: string; readonly emptyDir?: { readonly sizeLimit: string } }[] };
  }>({ ...pod, spec: { ...pod.spec, volumes: [...pod.spec.volumes, ...volumes] } });
  const printed = volumes.map(({ name }) => created.spec.volumes.find((other) => other.name === name)!.emptyDir!.sizeLimit);
  expect(printed.slice(0, quantities.length)).toEqual(canonical);
  expect(printed.slice(quantities.length).map(nanosOf)).toEqual(canonical.map((quantity) => nanosOf(quantity!)));
});
