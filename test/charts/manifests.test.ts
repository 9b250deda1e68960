import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { operatorFile, operatorManifest } from "../../development/render-manifests.ts";
import { programs } from "../cluster/programs.ts";
import { one, type Rendered } from "./helm.ts";

const root = join(import.meta.dirname, "../..");

test("charts/manifests/operator.yaml is what the chart makes (else: npm run manifests)", async () => {
  expect(await readFile(join(root, operatorFile), "utf8")).toBe(await operatorManifest(await programs()));
});

/** The overlay in docs/operator.md. */
async function overlay(): Promise<string> {
  const page = await readFile(join(root, "docs/operator.md"), "utf8");
  const [, text] = /```yaml\n# kustomization\.yaml\n([^`]*)```/.exec(page) ?? [];
  if (text === undefined) throw new Error("docs/operator.md: has no kustomization.yaml any more");
  return text;
}

test("the overlay in docs/operator.md gives both images and every object its place", async () => {
  const directory = await mkdtemp(join(tmpdir(), "snowline-kustomize-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  await cp(join(root, "charts/manifests"), join(directory, "manifests"), { recursive: true });
  await writeFile(join(directory, "kustomization.yaml"), await overlay());
  const { stdout } = await promisify(execFile)(join(await programs(), "kubectl"), ["kustomize", directory], {
    maxBuffer: 64 << 20,
  });
  const objects = parseAllDocuments(stdout).map((document) => document.toJS() as Rendered);
  const [{ image, args }] = one(objects, "Deployment")["spec"].template.spec.containers;
  expect(image).toMatch(/^registry\.example\.com\/snowline@sha256:/);
  expect(args).toContain(`--runtime-image=${image}`);
  const namespaces = new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []));
  expect([...namespaces, one(objects, "Namespace").metadata.name]).toEqual(["data-platform", "data-platform"]);
  const [webhook] = one(objects, "ValidatingWebhookConfiguration")["webhooks"];
  expect(webhook.clientConfig.service.namespace).toBe("data-platform");
  for (const binding of objects.filter(({ kind }) => kind.endsWith("Binding")))
    expect(binding["subjects"][0].namespace).toBe("data-platform");
});
