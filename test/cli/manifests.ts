import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A directory of its own with some files; disposing of it removes it. */
export async function folder(
  files: Readonly<Record<string, string>>,
): Promise<{ readonly path: string; file(name: string): string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "snowline-cli-"));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  }
  return { path, file: (name) => join(path, name), [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** What is other than in the usual pipeline. */
export interface PipelineParts {
  readonly name?: string;
  /** YAML of `spec.source`, on one line. */
  readonly source?: string;
  readonly sql?: string;
  /** YAML of further members of `spec.transform`, on one line. */
  readonly lookups?: string;
  readonly sink?: string;
  readonly deadLetter?: string;
}

/** A Pipeline over `orders.jsonl` into `orders.duckdb`, with other parts where given. */
export function pipelineYaml(parts: PipelineParts = {}): string {
  const sql = parts.sql ?? "SELECT id, amount * 2 AS doubled FROM source";
  return [
    "apiVersion: snowline.dev/v1alpha1",
    "kind: Pipeline",
    `metadata: { name: ${parts.name ?? "orders"} }`,
    "spec:",
    `  source: ${parts.source ?? '{ files: { paths: [orders.jsonl], format: { json: { columns: { id: VARCHAR, amount: "DECIMAL(10,2)" } } } } }'}`,
    "  transform:",
    ...(parts.lookups === undefined ? [] : [`    lookups: ${parts.lookups}`]),
    "    sql: |",
    ...sql.split("\n").map((line) => `      ${line}`),
    `  sink: ${parts.sink ?? "{ duckdb: { path: orders.duckdb, table: orders } }"}`,
    `  deadLetter: ${parts.deadLetter ?? "{ files: { directory: dead } }"}`,
    "",
  ].join("\n");
}
