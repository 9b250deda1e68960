import { dirname, resolve } from "node:path";
import type { Logger } from "pino";
import type { ComponentContext } from "../component/context.ts";
import { Terminal } from "../component/errors.ts";
import type { PodFile } from "./pod-file.ts";
import { type ReferenceDirectories, readSecret, readValue } from "./reference-files.ts";

/** What a pod knows of its surroundings. */
export interface PodContextOptions {
  readonly file: PodFile;
  /** Path of the pod's file: relative paths of the manifest start at its folder. */
  readonly path: string;
  readonly directories: ReferenceDirectories;
  readonly scratchDirectory: string;
  readonly log: Logger;
}

/** A pod as connectors see it. */
export function podContext({ file, path, directories, scratchDirectory, log }: PodContextOptions): ComponentContext {
  const { pipeline, connections } = file;
  return {
    pipeline: pipelineOf(file),
    connection: (name) => {
      const found = connections.find(({ metadata }) => metadata.name === name);
      if (found !== undefined) return found.spec;
      const names = connections.map(({ metadata }) => metadata.name).join(", ");
      throw new Terminal(
        "ConnectionMissing",
        `connection ${name}: pipeline ${pipeline.metadata.name} names it, but there is ${names === "" ? "none" : `only ${names}`}`,
      );
    },
    secret: (reference) => readSecret(directories, reference),
    value: (reference) => readValue(directories, reference),
    path: (text) => resolve(dirname(path), text),
    scratchDirectory,
    now: () => Date.now(),
    log,
  };
}

/** Namespace, name and generation of the pod's pipeline. */
export function pipelineOf({ pipeline }: PodFile): ComponentContext["pipeline"] {
  const { namespace = "default", name, generation } = pipeline.metadata;
  return { namespace, name, ...(generation === undefined ? {} : { generation }) };
}
