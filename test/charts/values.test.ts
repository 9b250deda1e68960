import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { kubernetesVersion } from "../cluster/programs.ts";
import { chart, helm, renderText } from "./helm.ts";

interface Schema {
  readonly type?: string | readonly string[];
  readonly additionalProperties?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
}

const read = (file: string): string => readFileSync(join(chart, file), "utf8");
const schema = JSON.parse(read("values.schema.json")) as Schema;
const values = parse(read("values.yaml")) as Readonly<Record<string, unknown>>;

/** Paths of all values that are there, down to those whose content is Kubernetes' own or the user's. */
function pathsOfValues(value: unknown, of: Schema, path = ""): readonly string[] {
  if (of.properties === undefined || typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([name, inner]) => pathsOfValues(inner, of.properties?.[name] ?? {}, `${path}/${name}`));
}

function pathsOfSchema({ properties }: Schema, path = ""): readonly string[] {
  if (properties === undefined) return [path];
  return Object.entries(properties).flatMap(([name, inner]) => pathsOfSchema(inner, `${path}/${name}`));
}

/** What has no default, or is Helm's. */
const withoutDefault = new Set([
  "/global",
  "/resources/claims",
  "/webhook/certManager/issuerRef/name",
  "/webhook/certManager/issuerRef/kind",
  "/webhook/certManager/issuerRef/group",
]);

test("values.yaml names every value of the schema, and no other", () => {
  const wanted = pathsOfSchema(schema).filter((path) => !withoutDefault.has(path));
  const given = pathsOfValues(values, schema).filter((path) => path !== "/webhook/certManager/issuerRef");
  expect(given.toSorted()).toEqual(wanted.toSorted());
});

test("no object of the schema lets an unknown value through, unless its keys are the user's", () => {
  const open: string[] = [];
  const visit = (of: Schema, path: string): void => {
    if (of.properties !== undefined && of.additionalProperties !== false) open.push(path);
    for (const [name, inner] of Object.entries(of.properties ?? {})) visit(inner, `${path}/${name}`);
    if (of.items !== undefined) visit(of.items, `${path}[]`);
  };
  visit(schema, "");
  // An environment variable may have valueFrom.
  expect(open).toEqual(["/extraEnv[]"]);
});

test("every value has a comment, or stands in a group that has one", () => {
  const lines = read("values.yaml").split("\n");
  const bare = lines.filter(
    (line, at) =>
      /^[a-zA-Z]+:/.test(line) &&
      !(lines[at - 1] ?? "").startsWith("#") &&
      // A group whose values have their own, or a pod's field with Kubernetes' name.
      !/^ {2}(#|[a-zA-Z])/.test(lines[at + 1] ?? ""),
  );
  const kubernetes = ["podLabels", "podAnnotations", "priorityClassName", "nodeSelector", "tolerations", "affinity"];
  expect(bare.map((line) => line.split(":")[0])).toEqual([...kubernetes, "extraVolumeMounts"]);
});

const refused: readonly [string, object, string][] = [
  ["a misspelt group", { imagee: {} }, "additional properties 'imagee' not allowed"],
  ["a misspelt value", { image: { tagg: "1" } }, "at '/image': additional properties 'tagg' not allowed"],
  ["a value in the wrong group", { webhook: { replicas: 2 } }, "at '/webhook': additional properties 'replicas' not allowed"],
  ["a text for a number", { replicas: "two" }, "at '/replicas': got string, want integer"],
  ["a digest without its kind", { image: { digest: "0123" } }, "at '/image/digest': '0123' does not match pattern"],
  ["a log level that there is not", { logLevel: "loud" }, "at '/logLevel': value must be one of 'trace', 'debug'"],
  ["a namespace that cannot be", { scope: { namespaces: ["Team_A"] } }, "at '/scope/namespaces/0': 'Team_A' does not match"],
  ["a namespace named twice", { scope: { namespaces: ["a", "a"] } }, "at '/scope/namespaces': items at 0 and 1 are equal"],
  ["a pull secret as text", { imagePullSecrets: ["registry"] }, "at '/imagePullSecrets/0': got string, want object"],
  ["a policy of the webhook", { webhook: { failurePolicy: "ignore" } }, "value must be one of 'Ignore', 'Fail'"],
  [
    "two replicas that both write",
    { leaderElection: { enabled: false } },
    "leaderElection.enabled: is false with 2 replicas, which would all write: set replicas to 1",
  ],
  [
    "an account that is not named",
    { serviceAccount: { create: false } },
    "serviceAccount.name: is empty, and serviceAccount.create is false: name the ServiceAccount that is there",
  ],
];

test.each(refused)("the chart refuses %s", async (_what, wrong, message) => {
  await expect(renderText({ values: wrong })).rejects.toThrow(message);
});

test("the chart is refused where the API server is too old for it", async () => {
  const args = ["template", "snowline", chart, "--kube-version", "1.28.9"];
  await expect(helm(args)).rejects.toThrow("chart requires kubeVersion: >=1.29.0-0");
});

test("a chart of charts may have this one: Helm's own global values are taken", async () => {
  expect(await renderText({ values: { global: { region: "eu" } } })).toContain("kind: Deployment");
});

test("helm lint has nothing to say but that there is no icon", async () => {
  const said = await helm(["lint", "--strict", "--kube-version", kubernetesVersion, chart]);
  expect(said.split("\n").filter((line) => line.startsWith("["))).toEqual(["[INFO] Chart.yaml: icon is recommended"]);
});
