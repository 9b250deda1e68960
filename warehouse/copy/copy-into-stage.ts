import { createReadStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { literal, quoted } from "../engine/physical-name.ts";
import { SnowflakeError, type StatementResult } from "../result.ts";
import { numberColumn, typeIds } from "../stages/answer.ts";
import { type FileFormat, formatChoice, resolveFormat } from "../stages/file-format.ts";
import { stageFiles } from "../stages/file-statements.ts";
import { optionBoolean } from "../stages/option-list.ts";
import { resolveStage } from "../stages/resolve-stage.ts";
import { translateQuery } from "../sql/translate-query.ts";
import type { StatementCall } from "../statements/statement.ts";
import type { UnloadStatement } from "./copy-statement.ts";
import { requireReads } from "../statements/privileges.ts";
import { requireStage } from "../stages/stage-privileges.ts";
import { runOptions } from "../statements/run-work.ts";

/** COPY INTO @stage FROM a table or a query: writes files of CSV, JSON or Parquet. Throws SnowflakeError. */
export async function copyIntoStage(call: StatementCall, statement: UnloadStatement): Promise<StatementResult> {
  const { account, session } = call;
  const { options } = statement;
  const location = resolveStage(statement.stage, call);
  const format = resolveFormat({ choice: formatChoice(options), stage: location.stage, account, session });
  if (statement.partitionBy !== null) {
    throw new SnowflakeError("000002", "0A000", "Unsupported feature 'PARTITION BY': this server unloads without partitions.");
  }
  const { sql, reads, named } = await translateQuery(statement.query, call);
  const columns = [numberColumn("rows_unloaded"), numberColumn("input_bytes"), numberColumn("output_bytes")];
  requireReads(call, named);
  requireStage(call, location, "WRITE");
  if (call.describeOnly) return { columns, rows: [], typeId: typeIds.unload };
  const single = optionBoolean(options, "SINGLE", false);
  const prefix = `${location.base}${location.path}`;
  const path = single ? prefix : `${prefix === "" || prefix.endsWith("/") ? `${prefix}data` : prefix}_0_0_0${extension(format)}`;
  if (!optionBoolean(options, "OVERWRITE", false) && (await stageFiles(call, location)).length > 0) {
    throw new SnowflakeError(
      "001030",
      "22000",
      `Files already existing at the unload destination: ${statement.stage}. Use overwrite option to force unloading.`,
    );
  }
  const folder = join(account.stages.buckets.directory, ".unloading", call.queryId);
  await mkdir(folder, { recursive: true });
  try {
    const file = join(folder, "unloaded");
    const header = optionBoolean(options, "HEADER", false);
    const rows = await session.transaction.run(
      {
        reads,
        writes: [],
        async run(connection) {
          const names = (await connection.runAndReadAll(`DESCRIBE ${sql}`)).getRowsJS().map(([name]) => name as string);
          const { rowsChanged } = await connection.run(
            `COPY (${unloaded(sql, names, format)}) TO ${literal(file)} ${target(format, header)}`,
          );
          return rowsChanged;
        },
      },
      runOptions(call),
    );
    if (rows === 0) return { columns, rows: [["0", "0", "0"]], typeId: typeIds.unload };
    const { bytes } = await account.stages.buckets.put(location.bucket, path, createReadStream(file));
    account.stages.arrived(location.bucket, path);
    return { columns, rows: [[String(rows), String(bytes), String(bytes)]], typeId: typeIds.unload };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** JSON is one document a row: the row's only column, or an object of all. */
function unloaded(sql: string, names: readonly string[], format: FileFormat): string {
  if (format.type !== "JSON") return sql;
  const [first, ...others] = names;
  const members = names.map((name) => `${literal(name)}: ${quoted(name)}`).join(", ");
  const document = first !== undefined && others.length === 0 ? `to_json(${quoted(first)})` : `to_json({${members}})`;
  return `SELECT CAST(${document} AS VARCHAR) AS document FROM (${sql})`;
}

function target(format: FileFormat, header: boolean): string {
  const packed = compressionOf(format);
  switch (format.type) {
    case "PARQUET":
      return `(FORMAT parquet, COMPRESSION ${packed})`;
    case "JSON":
      // A field without quotes and with a delimiter that no JSON text has is the text as it is.
      return `(FORMAT csv, HEADER false, DELIMITER ${literal("\u0001")}, QUOTE '', ESCAPE '', COMPRESSION ${packed})`;
    case "CSV":
      return `(FORMAT csv, HEADER ${header}, DELIMITER ${literal(format.fieldDelimiter)}, QUOTE ${literal(format.enclosedBy ?? "")}, ESCAPE ${literal(format.enclosedBy ?? "")}, NULLSTR ${literal(format.nullIf[0] ?? "")}, COMPRESSION ${packed})`;
    default:
      return format satisfies never;
  }
}

function compressionOf({ type, compression }: FileFormat): "snappy" | "zstd" | "gzip" | "none" | "uncompressed" {
  if (type === "PARQUET") return compression === "NONE" ? "uncompressed" : compression === "ZSTD" ? "zstd" : "snappy";
  if (compression === "NONE") return "none";
  return compression === "ZSTD" ? "zstd" : "gzip";
}

function extension(format: FileFormat): string {
  const packed = compressionOf(format);
  if (format.type === "PARQUET") return packed === "uncompressed" ? ".parquet" : `.${packed}.parquet`;
  const kind = format.fileExtension ?? `.${format.type.toLowerCase()}`;
  return `${kind.startsWith(".") ? kind : `.${kind}`}${packed === "gzip" ? ".gz" : packed === "zstd" ? ".zst" : ""}`;
}
