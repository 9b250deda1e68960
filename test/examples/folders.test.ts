import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { snowline } from "../cli/captured-shell.ts";

const root = fileURLToPath(new URL("../../examples/", import.meta.url));
const entries = await readdir(root, { withFileTypes: true });
/** Folders that hold a Pipeline with what scales it; data/ holds what the other examples read, .snowline/ what they write. */
const folders = entries
  .filter((entry) => entry.isDirectory() && !["data", ".snowline"].includes(entry.name))
  .map(({ name }) => name);

interface Target {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly scaleTargetRef?: object; readonly replicas?: number; readonly scaling?: object };
}

async function objectsOf(folder: string): Promise<readonly Target[]> {
  const files = (await readdir(join(root, folder))).filter((name) => name.endsWith(".yaml"));
  const texts = await Promise.all(files.map((name) => readFile(join(root, folder, name), "utf8")));
  return texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as Target));
}

describe("examples of scaling", () => {
  it.each(folders)("%s: its pipeline is valid, and its head says how to apply it", async (folder) => {
    const { code, stdout } = await snowline(["validate", join(root, folder, "pipeline.yaml")]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/valid: 1 pipeline\n$/) });
    expect(await readFile(join(root, folder, "pipeline.yaml"), "utf8")).toMatch(
      new RegExp(`^# .*\\n(#.*\\n)*# +kubectl apply (.* )?-f examples/${folder}`),
    );
  });

  it.each(folders)("%s: what scales it names it, and is alone in saying how many pods there are", async (folder) => {
    const objects = await objectsOf(folder);
    const pipeline = objects.find(({ kind }) => kind === "Pipeline")!;
    const targets = objects.flatMap(({ spec }) => spec?.scaleTargetRef ?? []);
    const own = pipeline.spec?.scaling === undefined ? [] : ["itself"];
    expect([...targets, ...own]).toHaveLength(1);
    const reference = { apiVersion: "snowline.dev/v1alpha1", kind: "Pipeline", name: pipeline.metadata.name };
    expect(targets).toEqual(own.length > 0 ? [] : [reference]);
    expect(pipeline.spec?.replicas).toBeUndefined();
  });
});
