import { compilePipeline } from "../compile-pipeline.ts";
import { problemText } from "../manifest.ts";
import { fileOf, onlyPipeline, readFiles, refuse } from "../read-files.ts";
import { sourceText } from "../run/places.ts";
import { runHere } from "../run/run-here.ts";
import { type ExitCode, type Shell } from "../shell.ts";
import { paintFor } from "../text.ts";

/** Options of `snowline run`. */
export interface RunOptions {
  readonly untilCaughtUp?: boolean;
  readonly httpPort: number;
  readonly metricsFile?: string;
  readonly pipeline?: string;
  readonly secrets: string;
  readonly logLevel: string;
}

/** Runs the pipeline of some files here. */
export async function run(files: readonly string[], options: RunOptions, shell: Shell): Promise<ExitCode> {
  const manifest = await readFiles(files, "here", shell);
  const entry = onlyPipeline(manifest, options.pipeline);
  const { problems, warnings } = await compilePipeline(entry);
  refuse(problems);
  const paint = paintFor(shell, shell.stderr);
  for (const warning of warnings) shell.stderr.write(`${paint("yellow", "warning")} ${problemText(warning)}\n`);
  const here = {
    pipeline: entry.resource,
    connections: manifest.connections.map(({ resource }) => resource),
    path: fileOf(entry, shell),
  };
  const words = {
    from: sourceText(entry.resource.spec),
    nothingNew: "nothing new: everything in the source was loaded before, and nothing was loaded twice",
    nothingThere: "nothing to read: the source is empty",
  };
  const grouped = entry.resource.spec.source.kafka !== undefined;
  return runHere(here, { ...options, grouped, words, until: options.untilCaughtUp === true ? "caughtUp" : "stopped" }, shell);
}
