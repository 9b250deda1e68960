import { check } from "../crds/check.ts";
import { type Pipeline, pipelineKind, type PipelineSource } from "../crds/kinds/pipeline.ts";
import type { PipelineTransform } from "../crds/kinds/transform.ts";
import type { StructuralSchema } from "../crds/schema.ts";
import { type CompiledMembers, compilePipelineSpec } from "../transform/compile-pipeline.ts";
import type { CompiledTransform, SqlProblem } from "../transform/compiled.ts";
import { sqlPath } from "../transform/sql-problem.ts";
import type { Draft, Entry, ManifestProblem } from "./manifest.ts";

/** A pipeline's SQL, checked, with what is wrong with it at its place in the manifest. */
export interface CompiledPipeline {
  /** null where there are problems. */
  readonly compiled: CompiledTransform | null;
  readonly problems: readonly ManifestProblem[];
  readonly warnings: readonly ManifestProblem[];
}

/** Compiles the SQL of a pipeline against its declared columns. */
export async function compilePipeline({ resource, locate }: Entry<Pipeline>): Promise<CompiledPipeline> {
  return compile(resource.spec, locate);
}

/** What is wrong with the columns and the SQL of a pipeline that is wrong elsewhere, so that everything is told at once. */
export async function compileDraft({ spec, locate }: Draft): Promise<readonly ManifestProblem[]> {
  const written = membersOf(spec);
  const schemas = pipelineKind.spec.properties ?? {};
  const transform = checked(schemas["transform"], written["transform"] ?? {}) as PipelineTransform | null;
  const source = membersOf(written["source"]);
  for (const name of ["kafka", "files"]) {
    const format = checked(schemas["source"]?.properties?.[name]?.properties?.["format"], membersOf(source[name])["format"]);
    if (format === null || transform === null) continue;
    // Columns come from the format alone, so nothing else of the source has to be right.
    const { problems } = await compile({ source: { [name]: { format } } as unknown as PipelineSource, transform }, locate);
    return problems;
  }
  return [];
}

const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {};

/** The value with its defaults; null where it does not pass its schema. */
function checked(schema: StructuralSchema | undefined, value: unknown): unknown {
  if (schema === undefined || value === undefined) return null;
  const { problems, value: defaulted } = check(schema, value, []);
  return problems.length === 0 ? defaulted : null;
}

async function compile(spec: CompiledMembers, locate: Draft["locate"]): Promise<CompiledPipeline> {
  const compiled = await compilePipelineSpec(spec);
  if (Array.isArray(compiled))
    return { compiled: null, problems: compiled.map((problem) => placed(problem, locate)), warnings: [] };
  return {
    compiled,
    problems: [],
    warnings: compiled.warnings.map((message) => placed({ path: sqlPath, message }, locate)),
  };
}

function placed({ path, message, line, column }: SqlProblem, locate: Draft["locate"]): ManifestProblem {
  const field = `spec.${path}`;
  const within = line === undefined ? undefined : { line, column: column ?? 1 };
  return { ...locate(field, within), path: field, message };
}
