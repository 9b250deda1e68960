/**
 * Writes charts/manifests/operator.yaml from the chart, for who uses Kustomize or plain kubectl: `npm run manifests`. It is
 * committed, so that a reader needs no Helm; test/charts/manifests.test.ts says when it is old. Apart from `npm run generate`,
 * because it needs Helm, which the tests build.
 */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Document, parseAllDocuments } from "yaml";
import { kubernetesVersion, programs } from "../test/cluster/programs.ts";

const root = join(import.meta.dirname, "..");
/** As in charts/manifests/namespace.yaml. */
const namespace = "snowline-system";

/** Path of the file in the repository. */
export const operatorFile = "charts/manifests/operator.yaml";

/** Text of the file: the chart with its defaults. The definitions are not in it: `npm run generate` writes them. */
export async function operatorManifest(helmDirectory: string): Promise<string> {
  const chart = ["template", "snowline", join(root, "charts/snowline"), "--namespace", namespace, "--skip-tests"];
  const args = [
    ...chart,
    "--kube-version",
    kubernetesVersion,
    "--set",
    "crds.enabled=false",
    "--set",
    "rbac.aggregateRoles=true",
  ];
  const { stdout } = await promisify(execFile)(join(helmDirectory, "helm"), args);
  const documents = (parseAllDocuments(stdout) as Document[]).filter((document) => document.contents !== null);
  const texts = documents.map((document) => {
    withoutHelm(document);
    const text = document.toString({ lineWidth: 130, directives: false, flowCollectionPadding: false });
    return text.replaceAll(/^(---|# Source: .*)\n/gm, "");
  });
  return `# Made by npm run manifests from charts/snowline: do not edit.\n${texts.join("---\n")}`;
}

/** These objects are of no release. */
function withoutHelm(document: Document): void {
  for (const metadata of [["metadata"], ["spec", "template", "metadata"]])
    for (const label of ["helm.sh/chart", "app.kubernetes.io/managed-by"])
      if (document.hasIn([...metadata, "labels", label])) document.deleteIn([...metadata, "labels", label]);
}

if (import.meta.main) await writeFile(join(root, operatorFile), await operatorManifest(await programs(console.log)));
