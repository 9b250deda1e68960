import { connectionsOf } from "../../crds/validate-connections.ts";
import { compileDraft, compilePipeline } from "../compile-pipeline.ts";
import { type ManifestProblem, problemText } from "../manifest.ts";
import { readFiles } from "../read-files.ts";
import { exitCode, type ExitCode, type Shell } from "../shell.ts";
import { paintFor, plural } from "../text.ts";

/** Options of `snowline validate`. */
export interface ValidateOptions {
  readonly output: "text" | "json";
}

/** Checks manifests and the SQL of their pipelines, and writes all problems and warnings. */
export async function validate(files: readonly string[], options: ValidateOptions, shell: Shell): Promise<ExitCode> {
  const manifest = await readFiles(files, "elsewhere", shell);
  const problems = [...manifest.problems];
  const warnings: ManifestProblem[] = [];
  for (const entry of manifest.pipelines) {
    const compiled = await compilePipeline(entry);
    problems.push(...compiled.problems);
    warnings.push(...compiled.warnings);
  }
  for (const draft of manifest.drafts) problems.push(...(await compileDraft(draft)));
  problems.sort((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column);
  const resources = manifest.pipelines.length + manifest.connections.length;
  if (options.output === "json") {
    shell.stdout.write(`${JSON.stringify({ valid: problems.length === 0, problems, warnings }, null, 2)}\n`);
    return problems.length === 0 ? exitCode.ok : exitCode.failed;
  }
  const paint = paintFor(shell, shell.stdout);
  for (const problem of problems) shell.stdout.write(`${problemText(problem)}\n`);
  for (const warning of warnings) shell.stdout.write(`${paint("yellow", "warning")} ${problemText(warning)}\n`);
  if (problems.length > 0) {
    shell.stdout.write(`${paint("red", plural(problems.length, "problem"))}\n`);
    return exitCode.failed;
  }
  if (resources === 0) {
    shell.stdout.write(`${paint("red", "nothing to check")}: the files hold no Pipeline and no Connection\n`);
    return exitCode.failed;
  }
  const absent = manifest.connections.length > 0 ? [] : manifest.pipelines.flatMap(({ resource }) => connectionsOf(resource));
  if (absent.length > 0) shell.stdout.write(`note: connections are not among the files: ${[...new Set(absent)].join(", ")}\n`);
  const kinds = [
    ...(manifest.pipelines.length === 0 ? [] : [plural(manifest.pipelines.length, "pipeline")]),
    ...(manifest.connections.length === 0 ? [] : [plural(manifest.connections.length, "connection")]),
  ];
  shell.stdout.write(
    `${paint("green", "valid")}: ${kinds.join(", ")}${warnings.length === 0 ? "" : `; ${plural(warnings.length, "warning")}`}\n`,
  );
  return exitCode.ok;
}
