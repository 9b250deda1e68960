import { access, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { pino } from "pino";
import { podContext } from "../../runtime/pod/pod-context.ts";
import { openScratch } from "../scratch.ts";
import { readCases } from "../cases/case-file.ts";
import { type CaseResult, caseLines, passed, verdict } from "../cases/case-report.ts";
import { type CasePipeline, runCase } from "../cases/run-case.ts";
import type { TestCase } from "../cases/test-case.ts";
import { compilePipeline } from "../compile-pipeline.ts";
import type { Manifest } from "../manifest.ts";
import { fileOf, isCaseFile, onlyPipeline, readFiles, refuse } from "../read-files.ts";
import { CommandError, exitCode, type ExitCode, type Shell } from "../shell.ts";
import { paintFor } from "../text.ts";

/** Options of `snowline test`. */
export interface TestOptions {
  readonly cases?: string;
  readonly pipeline?: string;
}

/** The case file beside a manifest: `orders.yaml` has `orders.test.yaml`. */
function caseFileOf(manifest: string): string {
  return join(dirname(manifest), `${basename(manifest).replace(/\.ya?ml$/, "")}.test.yaml`);
}

/** Runs the cases of manifests and writes each with its difference, if any. */
export async function test(files: readonly string[], options: TestOptions, shell: Shell): Promise<ExitCode> {
  const paint = paintFor(shell, shell.stdout);
  const stop = new AbortController();
  using _signals = shell.onSignal(() => stop.abort());
  await using scratch = await openScratch();
  const results: CaseResult[] = [];
  const found = await caseFiles(files, options, shell);
  for (const { file, cases } of found) {
    if (found.length > 1) shell.stdout.write(`${paint("bold", file)}\n`);
    const manifest = await readFiles([file], "elsewhere", shell);
    const compiled = new Map<string | undefined, CasePipeline>();
    for (const testCase of cases.cases) {
      const name = testCase.pipeline ?? options.pipeline;
      const pipeline = compiled.get(name) ?? (await casePipeline(manifest, name, { shell, scratch: scratch.path }));
      compiled.set(name, pipeline);
      const result = await runCase(testCase, pipeline, stop.signal);
      if (stop.signal.aborted) return exitCode.failed;
      shell.stdout.write(`${caseLines(result, cases.file, paint).join("\n")}\n`);
      results.push(result);
    }
  }
  shell.stdout.write(`\n${verdict(results, paint)}\n`);
  return results.every(passed) ? exitCode.ok : exitCode.failed;
}

interface CaseFile {
  /** The manifest. */
  readonly file: string;
  readonly cases: { readonly file: string; readonly cases: readonly TestCase[] };
}

/** Each manifest with its cases. Of several files those without a neighbour are passed over: they may hold Connections. */
async function caseFiles(files: readonly string[], options: TestOptions, shell: Shell): Promise<readonly CaseFile[]> {
  if (options.cases !== undefined && files.length > 1) {
    throw new CommandError("--cases: goes with one manifest; give the others in a command of their own", {
      exitCode: exitCode.usage,
    });
  }
  const found: CaseFile[] = [];
  for (const file of files.filter((file) => !isCaseFile(file))) {
    const neighbour = options.cases ?? caseFileOf(file);
    const there = await access(resolve(shell.directory, neighbour)).then(
      () => true,
      () => false,
    );
    if (there) {
      const text = await readFile(resolve(shell.directory, neighbour), "utf8");
      found.push({ file, cases: { file: neighbour, cases: readCases(neighbour, text) } });
    } else if (files.length === 1) {
      throw new CommandError(
        `${neighbour}: there is no such file; write cases into it (snowline test --help shows one) or give another with --cases`,
      );
    }
  }
  if (found.length === 0) throw new CommandError("none of the files has cases: orders.yaml has them in orders.test.yaml");
  return found;
}

async function casePipeline(
  manifest: Manifest,
  name: string | undefined,
  { shell, scratch }: { readonly shell: Shell; readonly scratch: string },
): Promise<CasePipeline> {
  const entry = onlyPipeline(manifest, name);
  const { compiled, problems } = await compilePipeline(entry);
  refuse(problems);
  if (compiled === null) throw new Error("compile: neither an answer nor a problem");
  const context = podContext({
    file: { pipeline: entry.resource, connections: [] },
    path: fileOf(entry, shell),
    directories: { secrets: shell.directory, configMaps: shell.directory },
    scratchDirectory: scratch,
    log: pino({ level: "silent" }),
  });
  return { spec: entry.resource.spec, compiled, context };
}
