import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A copy of examples/ with what its manifests reach, so that they run unmodified and leave the checkout as it is. */
export interface ExampleFolder extends AsyncDisposable {
  /** Absolute path of a file of examples/. */
  file(name: string): string;
}

/** Copies the examples; `brokers` replaces those of kafka.yaml, as a user does who points it at a cluster. */
export async function exampleFolder(brokers?: string): Promise<ExampleFolder> {
  const path = await mkdtemp(join(tmpdir(), "snowline-examples-"));
  const examples = join(path, "examples");
  await mkdir(examples);
  for (const name of await readdir(join(root, "examples"))) {
    if (name.endsWith(".yaml")) await copyFile(join(root, "examples", name), join(examples, name));
  }
  await symlink(join(root, "examples", "data"), join(examples, "data"));
  await symlink(join(root, "node_modules"), join(path, "node_modules"));
  if (brokers !== undefined) {
    const connection = {
      apiVersion: "snowline.dev/v1alpha1",
      kind: "Connection",
      metadata: { name: "local" },
      spec: { kafka: { brokers: brokers.split(",") } },
    };
    await writeFile(join(examples, "kafka.yaml"), JSON.stringify(connection));
  }
  return { file: (name) => join(examples, name), [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
