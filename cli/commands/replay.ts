import type { Pipeline } from "../../crds/kinds/pipeline.ts";
import type { AssembleOptions } from "../../runtime/assemble.ts";
import type { ComponentContext } from "../../runtime/component/context.ts";
import { openFilesReplay } from "../../runtime/dead-letters/files/files-replay.ts";
import { openKafkaReplay } from "../../runtime/dead-letters/kafka/kafka-replay.ts";
import { compilePipeline } from "../compile-pipeline.ts";
import { fileOf, onlyPipeline, readFiles, refuse } from "../read-files.ts";
import { deadLetterPlace, shownPath } from "../run/places.ts";
import { runHere } from "../run/run-here.ts";
import { CommandError, type ExitCode, type Shell } from "../shell.ts";

/** Options of `snowline replay`. */
export interface ReplayOptions {
  readonly pipeline?: string;
  readonly secrets: string;
  readonly logLevel: string;
}

/** Sends the dead letters of a pipeline through it once more. */
export async function replay(files: readonly string[], options: ReplayOptions, shell: Shell): Promise<ExitCode> {
  const manifest = await readFiles(files, "here", shell);
  const entry = onlyPipeline(manifest, options.pipeline);
  const { problems } = await compilePipeline(entry);
  refuse(problems);
  const pipeline = entry.resource;
  const path = fileOf(entry, shell);
  const place = deadLetterPlace(pipeline.spec, path, (letters) => shownPath(letters, shell.directory));
  if (place === null) {
    throw new CommandError(
      `${pipeline.metadata.name}: deadLetter is stop, so there are no letters to replay: set deadLetter.files or deadLetter.kafka`,
    );
  }
  const here = { pipeline, connections: manifest.connections.map(({ resource }) => resource), path };
  const words = {
    from: `dead letters in ${place[1]}`,
    nothingNew: "nothing to replay: every letter was replayed before",
    nothingThere: "nothing to replay: there are no letters",
  };
  const openSource = (context: ComponentContext) => letters(pipeline, context);
  return runHere(here, { ...options, words, openSource, httpPort: 0, grouped: false, until: "caughtUp" }, shell);
}

function letters(
  { spec: { deadLetter, source } }: Pipeline,
  context: ComponentContext,
): NonNullable<AssembleOptions["openSource"]> {
  const { kafka, files } = deadLetter;
  const options = source.kafka === undefined ? {} : { tombstones: source.kafka.tombstones };
  return (format) => {
    if (kafka !== undefined) return openKafkaReplay(kafka, format, context, options);
    if (files !== undefined) return openFilesReplay(files, format, context, options);
    throw new Error("deadLetter: neither kafka nor files is set");
  };
}
