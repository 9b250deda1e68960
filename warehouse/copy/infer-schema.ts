import { literal } from "../engine/physical-name.ts";
import { snowflakeTypeOf } from "../engine/duckdb-types.ts";
import { type SnowflakeType, typeText } from "../engine/snowflake-type.ts";
import type { Listing } from "../information-schema/listing.ts";
import { SnowflakeError } from "../result.ts";
import type { KnownArguments } from "../sql/known-arguments.ts";
import type { QueryScope } from "../sql/query-scope.ts";
import { resolveFormat } from "../stages/file-format.ts";
import { stageFiles } from "../stages/file-statements.ts";
import { resolveStage } from "../stages/resolve-stage.ts";
import { requireStage } from "../stages/stage-privileges.ts";
import type { StageFile } from "../stages/stage.ts";

/** Files that are looked at: a schema does not change from file to file of one load. */
const filesMax = 100;

const columns: Listing["columns"] = [
  ["COLUMN_NAME", "text"],
  ["TYPE", "text"],
  ["NULLABLE", "boolean"],
  ["EXPRESSION", "text"],
  ["FILENAMES", "text"],
  ["ORDER_ID", "number"],
];

interface Inferred {
  readonly type: SnowflakeType;
  readonly files: string[];
}

/** INFER_SCHEMA(LOCATION => '@stage', FILE_FORMAT => 'name' [, IGNORE_CASE => TRUE]) of Parquet files. Throws SnowflakeError. */
export async function inferSchema({ named }: KnownArguments, scope: QueryScope): Promise<Listing> {
  const [reference, name] = [named.get("LOCATION") ?? "", named.get("FILE_FORMAT") ?? null];
  const location = resolveStage(reference, scope);
  requireStage(scope, location, "READ");
  const choice = name === null ? null : ({ kind: "named", name } as const);
  const format = resolveFormat({ choice, stage: location.stage, account: scope.account, session: scope.session });
  if (format.type !== "PARQUET") {
    throw new SnowflakeError(
      "000002",
      "0A000",
      `Unsupported feature 'INFER_SCHEMA' of ${format.type}: this server infers that of Parquet.`,
    );
  }
  const inferred = await inferAll(scope, (await stageFiles(scope, location)).slice(0, filesMax));
  const upper = (named.get("IGNORE_CASE") ?? "").toUpperCase() === "TRUE";
  const rows = [...inferred].map(([member, { type, files }], at) => {
    const expression = `$1:${upper ? member.toUpperCase() : `"${member}"`}::${inferredText(type)}`;
    return [upper ? member.toUpperCase() : member, inferredText(type), true, expression, files.join(", "), at] as const;
  });
  return { columns, rows };
}

async function inferAll({ account }: QueryScope, files: readonly StageFile[]): Promise<ReadonlyMap<string, Inferred>> {
  const inferred = new Map<string, Inferred>();
  const connection = await account.store.connect();
  try {
    for (const { file, path } of files) {
      const statement = await connection.prepare(`SELECT * FROM read_parquet(${literal(file)})`);
      for (let at = 0; at < statement.columnCount; at++) {
        const before = inferred.get(statement.columnName(at));
        if (before === undefined)
          inferred.set(statement.columnName(at), { type: snowflakeTypeOf(statement.columnType(at)), files: [path] });
        else before.files.push(path);
      }
      statement.destroySync();
    }
  } finally {
    connection.closeSync();
  }
  return inferred;
}

/** As INFER_SCHEMA writes types. */
function inferredText(type: SnowflakeType): string {
  switch (type.kind) {
    case "NUMBER":
      return `NUMBER(${type.precision}, ${type.scale})`;
    case "VARCHAR":
      return "TEXT";
    case "FLOAT":
      return "REAL";
    case "BINARY":
    case "TIME":
    case "TIMESTAMP_NTZ":
    case "TIMESTAMP_LTZ":
    case "TIMESTAMP_TZ":
      return type.kind;
    default:
      return typeText(type);
  }
}
