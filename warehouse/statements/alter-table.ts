import { columnSql, missing } from "../engine/catalog.ts";
import { duckdbType } from "../engine/duckdb-types.ts";
import { identifierText, objectText } from "../engine/object-name.ts";
import { physicalName, quoted } from "../engine/physical-name.ts";
import { type SnowflakeType, typeText as shownType } from "../engine/snowflake-type.ts";
import { parseType } from "../engine/parse-type.ts";
import type { ColumnDefinition, TableDefinition } from "../engine/table-definition.ts";
import { SnowflakeError, type StatementResult } from "../result.ts";
import { completeName, TokenCursor } from "../sql/token-cursor.ts";
import { columnDeclaration, typeText } from "./column-list.ts";
import { optionValue } from "./create-options.ts";
import { defaultSql } from "./default-sql.ts";
import { tableOf } from "./dml-target.ts";
import { requireOnObject } from "./privileges.ts";
import { runDdl } from "./run-ddl.ts";
import { scopeOf } from "./scope-of.ts";
import type { StatementCall, StatementKind } from "./statement.ts";
import { statementTypes } from "./statement-types.ts";
import { statusResult } from "./count-result.ts";

/** ALTER TABLE: columns added, dropped, renamed, widened; NOT NULL; properties; the table's name. */
export const alterTableStatement: StatementKind = { words: ["ALTER", "TABLE"], execute: alterTable };

/** A step of a change: what the table becomes, and DuckDB's statements for it. */
interface Change {
  readonly changed: TableDefinition;
  readonly sql: readonly string[];
}

type Step = (table: TableDefinition) => Change;

async function alterTable(call: StatementCall): Promise<StatementResult> {
  const { account, session } = call;
  const cursor = new TokenCursor(call.text);
  cursor.expect("ALTER", "TABLE");
  const ifExists = cursor.accept("IF", "EXISTS");
  const name = cursor.objectName(session);
  if (ifExists && account.catalog.table(name, session.id) === null) return statusResult(statementTypes.alter);
  const table = tableOf(name, call);
  requireOnObject(call, "OWNERSHIP", { kind: "TABLE", name });
  const steps = readSteps(cursor, call);
  return runDdl(
    call,
    async (connection) => {
      const changed = await account.catalog.alterTable({
        table,
        sessionId: session.id,
        connection,
        change: (current) => applied(current, steps),
      });
      if (objectText(changed.name) !== objectText(name)) {
        await account.catalog.grants.forget({ kind: "TABLE", name: objectText(name) });
        await account.catalog.grants.created({ kind: "TABLE", name: objectText(changed.name) }, session.role);
      }
      return "Statement executed successfully.";
    },
    statementTypes.alter,
  );
}

function applied(table: TableDefinition, steps: readonly Step[]): Change | null {
  let changed = table;
  const sql: string[] = [];
  for (const step of steps) {
    const change = step(changed);
    changed = change.changed;
    sql.push(...change.sql);
  }
  return changed === table && sql.length === 0 ? null : { changed, sql };
}

function readSteps(cursor: TokenCursor, call: StatementCall): readonly Step[] {
  if (cursor.accept("RENAME", "TO")) {
    const name = completeName(cursor.nameParts(), call.session);
    cursor.end();
    return [(table) => renameTable(table, name)];
  }
  if (cursor.accept("RENAME", "COLUMN")) {
    const from = cursor.identifier();
    cursor.expect("TO");
    const to = cursor.identifier();
    cursor.end();
    return [(table) => renameColumn(table, from, to)];
  }
  if (cursor.accept("ADD")) return addSteps(cursor, call);
  if (cursor.accept("DROP")) return dropSteps(cursor);
  if (cursor.sees("ALTER") || cursor.sees("MODIFY")) return alterColumnSteps(cursor);
  if (cursor.accept("SET")) return propertySteps(cursor);
  if (cursor.accept("UNSET")) {
    const properties = cursor.rest().toUpperCase();
    return [(table) => ({ changed: unset(table, properties), sql: [] })];
  }
  if (cursor.accept("SWAP", "WITH") || cursor.accept("CLUSTER", "BY") || cursor.accept("SUSPEND") || cursor.accept("RESUME"))
    throw new SnowflakeError(
      "000002",
      "0A000",
      "Unsupported feature 'ALTER TABLE … SWAP, CLUSTER, SUSPEND or RESUME' on this server.",
    );
  throw cursor.unexpected();
}

function addSteps(cursor: TokenCursor, call: StatementCall): readonly Step[] {
  if (["PRIMARY", "UNIQUE", "FOREIGN", "CONSTRAINT"].some((word) => cursor.sees(word))) return nothing(cursor);
  cursor.accept("COLUMN");
  const steps: Step[] = [];
  do {
    cursor.accept("COLUMN");
    const ifNotExists = cursor.accept("IF", "NOT", "EXISTS");
    const { sequence, ...column } = columnDeclaration(cursor);
    if (sequence !== null)
      throw new SnowflakeError("002039", "42601", "SQL compilation error:\nCannot add column with AUTOINCREMENT to a table.");
    const value = column.defaultSql === null ? null : defaultSql(column.defaultSql, scopeOf(call));
    steps.push((table) => addColumn(table, { column, value, ifNotExists }));
  } while (cursor.accept(","));
  cursor.end();
  return steps;
}

function addColumn(
  table: TableDefinition,
  {
    column,
    value,
    ifNotExists,
  }: { readonly column: ColumnDefinition; readonly value: string | null; readonly ifNotExists: boolean },
): Change {
  if (table.columns.some(({ name }) => name === column.name)) {
    if (ifNotExists) return { changed: table, sql: [] };
    throw new SnowflakeError("001430", "42711", `SQL compilation error:\ncolumn '${column.name}' already exists`);
  }
  const physical = physicalName(table);
  const sql = [`ALTER TABLE ${physical} ADD COLUMN ${columnSql({ ...column, nullable: true }, value)}`];
  if (!column.nullable) sql.push(`ALTER TABLE ${physical} ALTER COLUMN ${quoted(column.name)} SET NOT NULL`);
  return { changed: { ...table, columns: [...table.columns, column] }, sql };
}

function dropSteps(cursor: TokenCursor): readonly Step[] {
  if (["PRIMARY", "UNIQUE", "FOREIGN", "CONSTRAINT"].some((word) => cursor.sees(word))) return nothing(cursor);
  cursor.accept("COLUMN");
  const ifExists = cursor.accept("IF", "EXISTS");
  const steps: Step[] = [];
  do {
    cursor.accept("COLUMN");
    const name = cursor.identifier();
    steps.push((table) => {
      if (ifExists && !table.columns.some((column) => column.name === name)) return { changed: table, sql: [] };
      columnNamed(table, name);
      return {
        changed: { ...table, columns: table.columns.filter((column) => column.name !== name) },
        sql: [`ALTER TABLE ${physicalName(table)} DROP COLUMN ${quoted(name)}`],
      };
    });
  } while (cursor.accept(","));
  cursor.end();
  return steps;
}

/** ALTER [COLUMN] a …, [COLUMN] b …, also in parentheses. */
function alterColumnSteps(cursor: TokenCursor): readonly Step[] {
  if (!cursor.accept("ALTER")) cursor.expect("MODIFY");
  const inner = cursor.sees("(") ? new TokenCursor(cursor.parenthesized()) : cursor;
  const steps: Step[] = [];
  do {
    inner.accept("ALTER");
    inner.accept("COLUMN");
    steps.push(alterColumnStep(inner, inner.identifier()));
  } while (inner.accept(","));
  inner.end();
  return steps;
}

function alterColumnStep(cursor: TokenCursor, name: string): Step {
  if (cursor.accept("DROP", "NOT", "NULL")) return (table) => setNullable(table, name, true);
  if (cursor.accept("SET", "NOT", "NULL")) return (table) => setNullable(table, name, false);
  if (cursor.accept("DROP", "DEFAULT"))
    return (table) => ({
      changed: withColumn(table, { ...columnNamed(table, name), defaultSql: null }),
      sql: [`ALTER TABLE ${physicalName(table)} ALTER COLUMN ${quoted(name)} DROP DEFAULT`],
    });
  if (cursor.accept("COMMENT") || cursor.accept("SET", "COMMENT")) {
    cursor.accept("=");
    const comment = cursor.string();
    return (table) => ({ changed: withColumn(table, { ...columnNamed(table, name), comment }), sql: [] });
  }
  if (!cursor.accept("SET", "DATA", "TYPE")) cursor.accept("TYPE");
  const type = parseType(typeText(cursor));
  return (table) => setType(table, name, type);
}

function setNullable(table: TableDefinition, name: string, nullable: boolean): Change {
  const column = columnNamed(table, name);
  if (column.nullable === nullable) return { changed: table, sql: [] };
  return {
    changed: withColumn(table, { ...column, nullable }),
    sql: [`ALTER TABLE ${physicalName(table)} ALTER COLUMN ${quoted(name)} ${nullable ? "DROP" : "SET"} NOT NULL`],
  };
}

function setType(table: TableDefinition, name: string, type: SnowflakeType): Change {
  const column = columnNamed(table, name);
  if (JSON.stringify(column.type) === JSON.stringify(type)) return { changed: table, sql: [] };
  if (!widens(column.type, type))
    throw new SnowflakeError(
      "002108",
      "22000",
      `SQL compilation error:\ncannot change column ${identifierText(name)} from type ${shownType(column.type)} to ${shownType(type)}${why(column.type, type)}`,
    );
  const same = duckdbType(column.type) === duckdbType(type);
  return {
    changed: withColumn(table, { ...column, type }),
    sql: same ? [] : [`ALTER TABLE ${physicalName(table)} ALTER COLUMN ${quoted(name)} SET DATA TYPE ${duckdbType(type)}`],
  };
}

/** What Snowflake changes in place: longer texts and binaries, more digits before the point. */
function widens(from: SnowflakeType, to: SnowflakeType): boolean {
  if (from.kind === "NUMBER" && to.kind === "NUMBER") return to.scale === from.scale && to.precision >= from.precision;
  if (from.kind === "VARCHAR" && to.kind === "VARCHAR") return to.length >= from.length;
  if (from.kind === "BINARY" && to.kind === "BINARY") return to.length >= from.length;
  return false;
}

function why(from: SnowflakeType, to: SnowflakeType): string {
  if (from.kind === "NUMBER" && to.kind === "NUMBER")
    return from.scale === to.scale
      ? " because reducing the precision is not supported."
      : " because changing the scale is not supported.";
  if (from.kind === to.kind) return " because reducing the byte-length of a varchar is not supported.";
  return "";
}

function propertySteps(cursor: TokenCursor): readonly Step[] {
  const steps: Step[] = [];
  while (!cursor.isAtEnd) {
    cursor.accept(",");
    const property = cursor.take().value;
    cursor.expect("=");
    const value = optionValue(cursor);
    steps.push((table) => {
      if (property === "ENABLE_SCHEMA_EVOLUTION") return { changed: { ...table, schemaEvolution: value === "TRUE" }, sql: [] };
      if (property === "ERROR_LOGGING") return { changed: { ...table, errorLogging: value === "TRUE" }, sql: [] };
      if (property === "COMMENT") return { changed: { ...table, comment: value }, sql: [] };
      if (known.test(property)) return { changed: table, sql: [] };
      throw new SnowflakeError("001420", "22023", `SQL compilation error:\ninvalid property '${property}' for 'TABLE'`);
    });
  }
  return steps;
}

const known =
  /^(?:DATA_RETENTION_TIME_IN_DAYS|MAX_DATA_EXTENSION_TIME_IN_DAYS|CHANGE_TRACKING|DEFAULT_DDL_COLLATION|STAGE_FILE_FORMAT)$/;

function unset(table: TableDefinition, properties: string): TableDefinition {
  const { comment, ...rest } = table;
  const without = properties.includes("COMMENT") || comment === undefined ? rest : table;
  return {
    ...without,
    schemaEvolution: table.schemaEvolution && !properties.includes("ENABLE_SCHEMA_EVOLUTION"),
    errorLogging: table.errorLogging && !properties.includes("ERROR_LOGGING"),
  };
}

function renameTable(table: TableDefinition, name: TableDefinition["name"]): Change {
  if (table.kind === "temporary" || name.database !== table.name.database || name.schema !== table.name.schema)
    throw new SnowflakeError("000002", "0A000", "Unsupported feature 'renaming a table into another schema' on this server.");
  return {
    changed: { ...table, name },
    sql: [`ALTER TABLE ${physicalName(table)} RENAME TO ${quoted(name.name)}`],
  };
}

function renameColumn(table: TableDefinition, from: string, to: string): Change {
  const column = columnNamed(table, from);
  return {
    changed: { ...table, columns: table.columns.map((each) => (each === column ? { ...column, name: to } : each)) },
    sql: [`ALTER TABLE ${physicalName(table)} RENAME COLUMN ${quoted(from)} TO ${quoted(to)}`],
  };
}

function columnNamed(table: TableDefinition, name: string): ColumnDefinition {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column === undefined) throw missing("Column", name);
  return column;
}

function withColumn(table: TableDefinition, column: ColumnDefinition): TableDefinition {
  return { ...table, columns: table.columns.map((each) => (each.name === column.name ? column : each)) };
}

/** For what changes nothing: constraints are only remarks, in Snowflake too. */
function nothing(cursor: TokenCursor): readonly Step[] {
  cursor.rest();
  return [];
}
