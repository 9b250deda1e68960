import { resolve } from "node:path";
import { pino } from "pino";
import type { Pipeline } from "../../crds/kinds/pipeline.ts";
import type { ComponentContext } from "../../runtime/component/context.ts";
import { podContext } from "../../runtime/pod/pod-context.ts";
import type { Entry, Manifest } from "../manifest.ts";
import { fileOf } from "../read-files.ts";
import { openScratch } from "../scratch.ts";
import type { Shell } from "../shell.ts";

/** The surroundings of a pipeline for a command that only asks. Disposing of it removes its files. */
export interface HereToAsk extends AsyncDisposable {
  readonly context: ComponentContext;
}

/** Whose surroundings, and the directory of the secrets as the command line gives it. */
export interface HereToAskOptions {
  readonly entry: Entry<Pipeline>;
  readonly manifest: Manifest;
  readonly secrets: string;
}

/** Makes them. Logs nothing. */
export async function openHere({ entry, manifest, secrets }: HereToAskOptions, shell: Shell): Promise<HereToAsk> {
  const scratch = await openScratch();
  const directory = resolve(shell.directory, secrets);
  const context = podContext({
    file: { pipeline: entry.resource, connections: manifest.connections.map(({ resource }) => resource) },
    path: fileOf(entry, shell),
    directories: { secrets: directory, configMaps: directory },
    scratchDirectory: scratch.path,
    log: pino({ level: "silent" }),
  });
  return { context, [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose]() };
}
