import type { DuckDBConnection } from "@duckdb/node-api";
import { quoted } from "../engine/physical-name.ts";
import { prepareText } from "../sql/prepared-text.ts";
import type { StageReference } from "../sql/query-scope.ts";
import { type FileFormat, resolveFormat } from "../stages/file-format.ts";
import { stageFiles } from "../stages/file-statements.ts";
import { requireStage } from "../stages/stage-privileges.ts";
import { resolveStage } from "../stages/resolve-stage.ts";
import type { StatementCall } from "../statements/statement.ts";
import { type HeldFile, HeldFiles } from "./held-files.ts";
import type { RecordStep } from "./file-source.ts";
import { openSource } from "./open-source.ts";
import { withSteps } from "./transform-query.ts";

/** The stages that a query reads, until it is disposed of: their files stay as they are until then. */
export interface StageRelations extends AsyncDisposable {
  /** The query's text: steps into a Parquet file's records are columns. */
  readonly text: string;
  /** The DuckDB relation that stands for a stage. */
  relation(reference: StageReference): string;
}

/** Columns that tell of the file. */
const metadataColumns = [
  "METADATA$FILENAME",
  "METADATA$FILE_ROW_NUMBER",
  "METADATA$FILE_CONTENT_KEY",
  "METADATA$FILE_LAST_MODIFIED",
  "METADATA$START_SCAN_TIME",
]
  .map(quoted)
  .join(", ");

/** Opens the stages that a query's text names in FROM; null where it names none. Throws SnowflakeError. */
export async function openStageRelations(call: StatementCall): Promise<StageRelations | null> {
  const references = call.text.includes("@") ? prepareText(call.text, call.session).stages : [];
  if (references.length === 0) return null;
  const held = new HeldFiles(call.account.stages.buckets);
  const connection = await call.account.store.connect();
  try {
    const formats = references.map((reference) => formatOf(call, reference));
    const { text, steps, fieldMax } = withSteps(
      call.text,
      formats.every(({ type }) => type === "PARQUET"),
    );
    const relations = new Map<string, string>();
    for (const [at, reference] of references.entries()) {
      const format = formats[at];
      if (format === undefined) continue;
      const files = await holdAll(call, reference, { held, format });
      relations.set(JSON.stringify(reference), await relationOf(files, { connection, format, steps, fieldMax }));
    }
    return {
      text,
      relation: (reference) => relations.get(JSON.stringify(reference)) ?? "",
      [Symbol.asyncDispose]: () => held.release(call.session.transaction),
    };
  } catch (error) {
    await held.release(call.session.transaction);
    throw error;
  } finally {
    connection.closeSync();
  }
}

function formatOf(call: StatementCall, { path, parameters }: StageReference): FileFormat {
  const { account, session } = call;
  const { stage } = resolveStage(path, call);
  const name = parameters["FILE_FORMAT"];
  return resolveFormat({ choice: name === undefined ? null : { kind: "named", name }, stage, account, session });
}

interface Holding {
  readonly held: HeldFiles;
  readonly format: FileFormat;
}

async function holdAll(
  call: StatementCall,
  { path, parameters }: StageReference,
  { held, format }: Holding,
): Promise<readonly HeldFile[]> {
  const files: HeldFile[] = [];
  requireStage(call, resolveStage(path, call), "READ");
  for (const file of await stageFiles(call, resolveStage(path, call), parameters["PATTERN"])) {
    const one = await held.hold(file, format.type === "PARQUET" ? "NONE" : format.compression);
    if (one !== null) files.push(one);
  }
  return files;
}

interface Wanted {
  readonly connection: DuckDBConnection;
  readonly format: FileFormat;
  readonly steps: readonly RecordStep[];
  readonly fieldMax: number;
}

async function relationOf(files: readonly HeldFile[], { connection, format, steps, fieldMax }: Wanted): Promise<string> {
  const stepNames = format.type === "PARQUET" ? steps.map(({ column }) => quoted(column)) : [];
  const nothing = Array.from({ length: format.type === "CSV" ? fieldMax : 1 }, (_, at) => quoted(`$${at + 1}`));
  const type = format.type === "CSV" ? "VARCHAR" : "JSON";
  const empty = [
    ...nothing.map((field) => `CAST(NULL AS ${type}) AS ${field}`),
    ...stepNames.map((name) => `CAST(NULL AS JSON) AS ${name}`),
  ];
  if (files.length === 0) {
    const names = metadataColumns.replaceAll('"METADATA', 'NULL AS "METADATA');
    return `(SELECT ${empty.join(", ")}, ${names} WHERE false)`;
  }
  const queries: string[] = [];
  for (const file of files) {
    const { query } = await openSource({ connection, file, format, fields: null, fieldMax, steps, names: false });
    const fields = format.type === "CSV" ? `COLUMNS('^\\$\\d+$')` : ['"$1"', ...stepNames].join(", ");
    queries.push(`SELECT ${fields}, ${metadataColumns} FROM ${query}`);
  }
  return `(${queries.join(" UNION ALL BY NAME ")})`;
}
