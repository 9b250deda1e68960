import { readFile } from "node:fs/promises";
import type { Connection } from "../../crds/kinds/connection.ts";
import type { Pipeline } from "../../crds/kinds/pipeline.ts";
import { validate } from "../../crds/validate.ts";
import { Terminal } from "../component/errors.ts";

/** What a pod runs: the operator writes it as JSON into a ConfigMap. */
export interface PodFile {
  readonly pipeline: Pipeline;
  /** The Connections the pipeline names. */
  readonly connections: readonly Connection[];
}

/** Reads a pod's file: `{ "pipeline": Pipeline, "connections": [Connection] }`. Throws Terminal with all that is wrong with it. */
export async function readPodFile(path: string): Promise<PodFile> {
  let content: { readonly pipeline?: unknown; readonly connections?: readonly unknown[] };
  try {
    content = JSON.parse(await readFile(path, "utf8")) as typeof content;
  } catch (error) {
    throw new Terminal("SpecInvalid", `${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  const given = [content.pipeline, ...(content.connections ?? [])];
  const validated = given.map((resource) => validate(resource));
  const problems = validated.flatMap(({ problems }) => problems.map(({ path: field, message }) => `${field}: ${message}`));
  const resources = validated.flatMap(({ resource }) => resource ?? []);
  const pipeline = resources.find((resource): resource is Pipeline => resource.kind === "Pipeline");
  if (problems.length > 0) throw new Terminal("SpecInvalid", `${path}: ${problems.join("; ")}`);
  if (pipeline === undefined) throw new Terminal("SpecInvalid", `${path}: pipeline: must be a Pipeline`);
  return { pipeline, connections: resources.filter((resource): resource is Connection => resource.kind === "Connection") };
}
