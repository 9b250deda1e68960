import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { kubernetesVersion, programs } from "../cluster/programs.ts";

/** The chart's folder. */
export const chart = join(import.meta.dirname, "../../charts/snowline");

/** An object of a rendered chart, as far as tests read it. */
export interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // What is in an object depends on its kind; a test that reads it wrong goes red.
  // oxlint-disable-next-line typescript/no-explicit-any -- tests walk into objects of many kinds
  readonly [field: string]: any;
}

/** What a chart is rendered or installed with. */
export interface Release {
  readonly name?: string;
  readonly namespace?: string;
  readonly values?: object;
  /** Further arguments of helm. */
  readonly args?: readonly string[];
}

/** Characters of one output of helm: the chart with its definitions is 150 thousand. */
const outputMax = 64 << 20;

/** Runs helm and resolves to what it printed; throws with what it complained of. Its files are in a directory that is removed again. */
export async function helm(args: readonly string[], values?: object): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "snowline-helm-"));
  try {
    const file = join(directory, "values.yaml");
    // JSON is YAML.
    if (values !== undefined) await writeFile(file, JSON.stringify(values));
    const homes = ["CACHE", "CONFIG", "DATA"].map((home) => [`HELM_${home}_HOME`, join(directory, home)]);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    execFile(
      join(await programs(), "helm"),
      [...args, ...(values === undefined ? [] : ["--values", file])],
      { maxBuffer: outputMax, env: { ...process.env, ...(Object.fromEntries(homes) as Record<string, string>) } },
      (error, stdout, stderr) =>
        error === null ? resolve(stdout) : reject(new Error(`helm ${args[0]}: ${stdout}${stderr || error.message}`)),
    );
    return await promise;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The text of the rendered chart, as for a cluster of the version that the tests run. */
export function renderText({
  name = "snowline",
  namespace = "snowline-system",
  values = {},
  args = [],
}: Release = {}): Promise<string> {
  return helm(["template", name, chart, "--namespace", namespace, "--kube-version", kubernetesVersion, ...args], values);
}

/** The objects of the rendered chart, those of `helm test` included. */
export async function render(release: Release = {}): Promise<readonly Rendered[]> {
  const documents = parseAllDocuments(await renderText(release), { uniqueKeys: true });
  return documents.flatMap((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    const object = document.toJS() as Rendered | null;
    return object === null ? [] : [object];
  });
}

/** The one object of this kind and, if given, name. Throws where it is not there. */
export function one(objects: readonly Rendered[], kind: string, name?: string): Rendered {
  const found = objects.filter((object) => object.kind === kind && (name === undefined || object.metadata.name === name));
  if (found.length !== 1) throw new Error(`${found.length} of ${kind} ${name ?? ""}, among ${objects.map(title).join(", ")}`);
  return found[0]!;
}

/** `Kind namespace/name`. */
export const title = ({ kind, metadata: { namespace, name } }: Rendered): string => `${kind} ${namespace ?? ""}/${name}`;
