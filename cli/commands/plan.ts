import { dirname, resolve } from "node:path";
import type { Pipeline } from "../../crds/kinds/pipeline.ts";
import { planDuckdbSink } from "../../runtime/sinks/duckdb/plan-duckdb-sink.ts";
import type { CompiledTransform } from "../../transform/compiled.ts";
import { compilePipeline } from "../compile-pipeline.ts";
import { problemText } from "../manifest.ts";
import { fileOf, onlyPipeline, readFiles, refuse } from "../read-files.ts";
import { shownPath, sinkPlace, sinkText, sourceText } from "../run/places.ts";
import { exitCode, type ExitCode, type Shell } from "../shell.ts";
import { type Paint, paintFor, tableText } from "../text.ts";

/** Options of `snowline plan`. */
export interface PlanOptions {
  readonly pipeline?: string;
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
  const target = await targetLines(entry.resource, compiled, { file, paint });
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

const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

async function targetLines(
  { spec: { sink } }: Pipeline,
  compiled: CompiledTransform,
  { file, paint }: { readonly file: string; readonly paint: Paint },
): Promise<{ readonly lines: readonly string[]; readonly refused: boolean }> {
  if (sink.files !== undefined)
    return { lines: ["The directory is made if it is absent; Parquet files need no other preparation."], refused: false };
  const { databaseExists, tableExists, statements, problems } = await planDuckdbSink(
    sink.duckdb,
    resolve(dirname(file), sink.duckdb.path),
    compiled.output,
  );
  const there = tableExists
    ? "The table is there"
    : databaseExists
      ? "The database is there, the table is not"
      : "The database file is not there yet";
  const { mode, schemaEvolution } = sink.duckdb;
  const how = `Rows are ${mode.upsert === undefined ? "appended" : `upserted by ${mode.upsert.key.join(", ")}`}; schemaEvolution is ${schemaEvolution}.`;
  if (problems.length > 0) {
    return { lines: [how, paint("red", `${there}, and the rows do not fit:`), ...indented(problems)], refused: true };
  }
  if (statements.length === 0) return { lines: [how, `${there} and takes the rows as it is.`], refused: false };
  return {
    lines: [
      how,
      `${there}. Before the first load the sink would run:`,
      ...indented(statements.map((statement) => `${statement};`)),
    ],
    refused: false,
  };
}
