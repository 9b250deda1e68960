import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Pipeline } from "../../crds/kinds/pipeline.ts";
import type { Lookup } from "../../crds/kinds/transform.ts";
import type { ComponentContext } from "../../runtime/component/context.ts";
import { openFormat } from "../../runtime/formats/open-format.ts";
import type { CompiledTransform } from "../../transform/compiled.ts";
import { openTransformer } from "../../transform/transformer.ts";
import { caseBatch, type CaseInput } from "./case-batch.ts";
import { caseBytes, caseFormat } from "./case-bytes.ts";
import { type CaseResult, compareRejects } from "./case-report.ts";
import { compareRows } from "./compare-rows.ts";
import { RowReader, type TextRow } from "./row-reader.ts";
import type { TestCase } from "./test-case.ts";

/** A pipeline whose SQL compiled. */
export interface CasePipeline {
  readonly spec: Pipeline["spec"];
  readonly compiled: CompiledTransform;
  readonly context: ComponentContext;
}

/** DuckDB's memory for a case: far more than records written by hand need. */
const memoryBytes = 512 * 1024 * 1024;

/** Feeds a case's records through the pipeline's own format and transform, and compares what comes out. Never throws for what a case can do wrong. */
export async function runCase(testCase: TestCase, pipeline: CasePipeline, signal: AbortSignal): Promise<CaseResult> {
  const failed = (problems: readonly string[]): CaseResult => ({ case: testCase, problems, rows: [], rejects: [] });
  const { source } = pipeline.spec;
  const format = caseFormat((source.kafka ?? source.files).format);
  const inputs = testCase.input.map((record, at): CaseInput | string => {
    const { content } = record;
    if (content === null) return { record, value: null };
    const value = "bytes" in content ? content.bytes : caseBytes(content.value, format, pipeline.compiled.source);
    return typeof value === "string" ? `input ${at + 1}: ${value}` : { record, value };
  });
  const problems = [...inputs.filter((input) => typeof input === "string"), ...lookupProblems(testCase, pipeline.compiled)];
  if (problems.length > 0) return failed(problems);

  const directory = await mkdtemp(join(pipeline.context.scratchDirectory, "case-"));
  try {
    const compiled = { ...pipeline.compiled, lookups: await lookupFiles(testCase, pipeline.compiled, directory) };
    const { batch, inputs: inputOf } = await caseBatch(
      inputs.filter((input) => typeof input !== "string"),
      {
        format: await openFormat(format, compiled.source, pipeline.context),
        meta: compiled.meta,
        tombstones: source.kafka?.tombstones ?? "keep",
        topic: source.kafka?.topics?.[0] ?? source.files?.paths[0] ?? "topic",
      },
    );
    await using transformer = await openTransformer({
      compiled,
      target: compiled.output.map((column) => ({ ...column, nullable: true })),
      upsertKey: (pipeline.spec.sink.duckdb ?? pipeline.spec.sink.snowflake)?.mode.upsert?.key ?? null,
      scratchDirectory: directory,
      memoryBytes,
      threads: 1,
      path: pipeline.context.path,
      now: pipeline.context.now,
      onLookup: () => {},
    });
    const { rows, rejects } = await transformer.run(batch, batch.rejects, signal);
    using reader = await RowReader.open(compiled.output);
    const expected = await Promise.all(testCase.rows.map((row) => reader.fromCase(row)));
    const actual = rows === null ? [] : await reader.fromParquet(rows.path);
    const unclear = expected.flatMap((row, at) => (typeof row === "string" ? [`row ${at + 1}: ${row}`] : []));
    const actualRejects = new Map(rejects.map(({ ordinal, error }) => [inputOf[ordinal] ?? 0, error]));
    return {
      case: testCase,
      problems: unclear,
      rows: unclear.length > 0 ? [] : compareRows(expected as TextRow[], actual),
      rejects: compareRejects(testCase.rejects, actualRejects),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What is wrong with the rows that stand in for lookups. */
function lookupProblems({ lookups }: TestCase, compiled: CompiledTransform): string[] {
  const names = Object.keys(compiled.lookups);
  const unknown = Object.keys(lookups).filter((name) => !names.includes(name));
  const remote = names.filter((name) => compiled.lookups[name]?.http !== undefined && lookups[name] === undefined);
  return [
    ...unknown.map(
      (name) =>
        `lookups: ${name} is no lookup of the pipeline; there ${names.length === 0 ? "are none" : `are ${names.join(", ")}`}`,
    ),
    ...remote.map((name) => `lookup ${name} is read over HTTP, which a case does not do: give its rows under lookups`),
  ];
}

/** The pipeline's lookups, with the case's rows in the place of those it gives. */
async function lookupFiles(testCase: TestCase, compiled: CompiledTransform, directory: string): Promise<Record<string, Lookup>> {
  const lookups: Record<string, Lookup> = { ...compiled.lookups };
  for (const [name, rows] of Object.entries(testCase.lookups)) {
    const columns = (lookups[name]?.file ?? lookups[name]?.http)?.columns ?? {};
    const path = join(directory, `lookup-${name}.json`);
    await writeFile(path, rows.map((row) => JSON.stringify(row)).join("\n"));
    lookups[name] = { refreshSeconds: 0, file: { path, type: "json", columns } };
  }
  return lookups;
}
