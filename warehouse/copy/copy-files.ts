import { createReadStream } from "node:fs";
import type { StatementResult } from "../result.ts";
import { textColumn, typeIds } from "../stages/answer.ts";
import { stageFiles } from "../stages/file-statements.ts";
import { optionText, readOptions } from "../stages/option-list.ts";
import { resolveStage } from "../stages/resolve-stage.ts";
import { requireStage } from "../stages/stage-privileges.ts";
import { scannerOf } from "../stages/bound-text.ts";
import type { StageFile } from "../stages/stage.ts";
import type { StatementCall } from "../statements/statement.ts";
import { noSuchFile } from "./copy-into-table.ts";

/** COPY FILES INTO @target FROM @source [FILES = (…)] [PATTERN = …]: copies files from stage to stage. */
export async function copyFiles(call: StatementCall): Promise<StatementResult> {
  const { buckets } = call.account.stages;
  const scanner = scannerOf(call);
  for (const word of ["COPY", "FILES", "INTO"]) scanner.expect(word);
  const target = scanner.stage();
  scanner.expect("FROM");
  const source = scanner.stage();
  if (target === null || source === null) throw scanner.unexpected();
  const options = readOptions(scanner);
  scanner.end();
  const [to, from] = [resolveStage(target, call), resolveStage(source, call)];
  requireStage(call, from, "READ");
  requireStage(call, to, "WRITE");
  const columns = [textColumn("file")];
  if (call.describeOnly) return { columns, rows: [], typeId: typeIds.copy };
  const folder = withSlash(`${from.base}${from.path}`);
  const names = options.get("FILES");
  const files: StageFile[] = [];
  if (names?.kind === "list") {
    for (const name of names.values) {
      const file = await buckets.find(from.bucket, `${folder}${name}`);
      if (file === null) throw noSuchFile(from, `${folder}${name}`);
      files.push(file);
    }
  } else {
    files.push(...(await stageFiles(call, from, optionText(options, "PATTERN"))));
  }
  const rows: string[][] = [];
  for (const file of files) {
    const name = file.path.startsWith(folder) ? file.path.slice(folder.length) : file.path.slice(from.base.length);
    const path = `${withSlash(`${to.base}${to.path}`)}${name}`;
    await buckets.put(to.bucket, path, createReadStream(file.file));
    call.account.stages.arrived(to.bucket, path);
    rows.push([path]);
  }
  return { columns, rows, typeId: typeIds.copy };
}

function withSlash(path: string): string {
  return path === "" || path.endsWith("/") ? path : `${path}/`;
}
