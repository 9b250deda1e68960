import { resolve } from "node:path";
import type { Pipeline } from "../crds/kinds/pipeline.ts";
import {
  type ConnectionsAre,
  type Entry,
  loadManifest,
  type Manifest,
  type ManifestProblem,
  problemText,
  readManifest,
} from "./manifest.ts";
import { CommandError, exitCode, type Shell } from "./shell.ts";

/** True for a file of cases: `snowline test` reads it, and who names all files of a folder does not mean it. */
export const isCaseFile = (file: string): boolean => /\.test\.ya?ml$/.test(file);

/** What the files on the command line hold; `-` is standard input, and files of cases are passed over. Problems are in the answer. */
export async function readFiles(given: readonly string[], connectionsAre: ConnectionsAre, shell: Shell): Promise<Manifest> {
  const files = given.filter((file) => !isCaseFile(file));
  if (!files.includes("-")) return loadManifest(files, connectionsAre);
  if (files.length > 1)
    throw new CommandError("-: standard input cannot be read together with files: put it into a file", {
      exitCode: exitCode.usage,
    });
  return readManifest([{ file: "-", text: await shell.stdin() }], connectionsAre);
}

/** The one Pipeline a command works on: the only one, or the one with this name. Throws CommandError with all problems where there are any. */
export function onlyPipeline(manifest: Manifest, name: string | undefined): Entry<Pipeline> {
  refuse(manifest.problems);
  const { pipelines } = manifest;
  const names = pipelines.map(({ resource }) => resource.metadata.name).join(", ");
  const found = name === undefined ? pipelines : pipelines.filter(({ resource }) => resource.metadata.name === name);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (pipelines.length === 0) throw new CommandError("the files hold no Pipeline");
  if (only === undefined)
    throw new CommandError(
      `there is no pipeline "${name}" in the given files; they have ${pipelines.map(({ resource }) => `"${resource.metadata.name}"`).join(", ")}`,
      { exitCode: exitCode.usage },
    );
  throw new CommandError(`the files hold several pipelines: choose one with --pipeline: ${names}`, { exitCode: exitCode.usage });
}

/** Throws the problems, a line each, where there are any. */
export function refuse(problems: readonly ManifestProblem[]): void {
  if (problems.length > 0) throw new CommandError(problems.map(problemText).join("\n"), { subject: "" });
}

/** The absolute path of the file an entry is in: relative paths of the manifest start at its folder. */
export const fileOf = (entry: Entry<Pipeline>, shell: Shell): string =>
  entry.file === "-" ? resolve(shell.directory, "stdin.yaml") : resolve(shell.directory, entry.file);
