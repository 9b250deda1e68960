import { dirname, resolve } from "node:path";
import type { Pipeline } from "../../crds/kinds/pipeline.ts";
import type { CompiledTransform } from "../../transform/compiled.ts";
import { compilePipeline } from "../compile-pipeline.ts";
import { type Entry, type Manifest, problemText } from "../manifest.ts";
import { duckdbLines } from "../plan/duckdb-lines.ts";
import { snowflakeLines } from "../plan/snowflake-lines.ts";
import { indented, type TargetLines } from "../plan/target-lines.ts";
import { fileOf, onlyPipeline, readFiles, refuse } from "../read-files.ts";
import { openHere } from "../run/open-here.ts";
import { shownPath, sinkPlace, sinkText, sourceText } from "../run/places.ts";
import { exitCode, type ExitCode, type Shell } from "../shell.ts";
import { type Paint, paintFor, tableText } from "../text.ts";

/** Options of `snowline plan`. */
export interface PlanOptions {
  readonly pipeline?: string;
  readonly secrets: string;
}

/** Writes what a pipeline would do: its source, the columns that come out, its table and the statements that would need. */
export async function plan(files: readonly string[], options: PlanOptions, shell: Shell): Promise<ExitCode> {
  const manifest = await readFiles(files, "elsewhere", shell);
  const entry = onlyPipeline(manifest, options.pipeline);
  const { compiled, problems, warnings } = await compilePipeline(entry);
  refuse(problems);
  if (compiled === null) throw new Error("compile: neither an answer nor a problem");
  const paint = paintFor(shell, shell.stdout);
  const { metadata, spec } = entry.resource;
  const file = fileOf(entry, shell);
  const [, place] = sinkPlace(spec, file, (path) => shownPath(path, shell.directory));
  const target = await targetLines(entry, compiled, { manifest, options, shell, paint });
  const lines = [
    `${paint("bold", metadata.name)}: ${sourceText(spec)} → ${sinkText(spec)} in ${place}`,
    "",
    "Columns that come out:",
    ...indented(
      tableText(
        ["column", "type"],
        compiled.output.map(({ name, type }) => [name, type]),
        columnWidth,
      ),
    ),
    "",
    ...target.lines,
    ...(warnings.length === 0 ? [] : ["", ...warnings.map((warning) => `${paint("yellow", "warning")} ${problemText(warning)}`)]),
  ];
  shell.stdout.write(`${lines.join("\n")}\n`);
  return target.refused ? exitCode.failed : exitCode.ok;
}

/** Widest column name or type that is shown whole. */
const columnWidth = 100;

interface Around {
  readonly manifest: Manifest;
  readonly options: PlanOptions;
  readonly shell: Shell;
  readonly paint: Paint;
}

async function targetLines(entry: Entry<Pipeline>, { output }: CompiledTransform, around: Around): Promise<TargetLines> {
  const { sink } = entry.resource.spec;
  const { manifest, options, shell, paint } = around;
  if (sink.files !== undefined)
    return { lines: ["The directory is made if it is absent; Parquet files need no other preparation."], refused: false };
  if (sink.duckdb !== undefined)
    return duckdbLines(sink.duckdb, resolve(dirname(fileOf(entry, shell)), sink.duckdb.path), output, paint);
  await using here = await openHere({ entry, manifest, secrets: options.secrets }, shell);
  return snowflakeLines(sink.snowflake, output, { context: here.context, connected: manifest.connections.length > 0, paint });
}
