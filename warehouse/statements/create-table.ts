import { exists, missing } from "../engine/catalog.ts";
import { type ObjectName, objectText } from "../engine/object-name.ts";
import { literal, physicalName, quoted } from "../engine/physical-name.ts";
import { storedValue } from "../engine/stored-value.ts";
import type { ColumnDefinition, TableDefinition } from "../engine/table-definition.ts";
import { SnowflakeError, type StatementResult } from "../result.ts";
import { TokenCursor } from "../sql/token-cursor.ts";
import { columnList, type DeclaredColumn } from "./column-list.ts";
import { type CreateHead, createHead, optionValue } from "./create-options.ts";
import { defaultSql } from "./default-sql.ts";
import { tableOf } from "./dml-target.ts";
import { containersOf, requireCreate, requireOnObject } from "./privileges.ts";
import { runDdl } from "./run-ddl.ts";
import { runQuery } from "./query-statement.ts";
import { scopeOf } from "./scope-of.ts";
import type { StatementCall, StatementKind } from "./statement.ts";
import { translateQuery } from "../sql/translate-query.ts";

const kinds = ["TEMPORARY", "TEMP", "TRANSIENT", "VOLATILE", "LOCAL", "GLOBAL"];

/** CREATE [OR REPLACE] [TEMPORARY | TRANSIENT] TABLE, with columns, LIKE, CLONE or AS SELECT. */
export const createTableStatements: readonly StatementKind[] = [[], ["OR", "REPLACE"]]
  .flatMap((replace) =>
    [[], ...kinds.map((kind) => [kind]), ["LOCAL", "TEMPORARY"], ["GLOBAL", "TEMPORARY"]].map((kind) => [...replace, ...kind]),
  )
  .map((words) => ({ words: ["CREATE", ...words, "TABLE"], execute: createTable }));

interface Declaration {
  readonly columns: readonly DeclaredColumn[];
  /** DuckDB query of its first rows. */
  readonly rows: string | null;
  readonly schemaEvolution: boolean;
  readonly errorLogging: boolean;
  readonly comment: string | null;
}

async function createTable(call: StatementCall): Promise<StatementResult> {
  const cursor = new TokenCursor(call.text);
  const head = createHead(cursor, "TABLE", kinds);
  const name = cursor.objectName(call.session);
  if (!call.account.catalog.hasSchema(name.database, name.schema)) throw missing("Schema", `${name.database}.${name.schema}`);
  requireCreate(call, "CREATE TABLE", name);
  const kind = kindOf(head);
  const present = call.account.catalog.table(name, call.session.id);
  const isPresent = present !== null && (kind === "temporary") === (present.kind === "temporary");
  if (head.ifNotExists && isPresent) return runDdl(call, async () => `${name.name} already exists, statement succeeded.`);
  if (isPresent && !head.replace) throw exists(name);
  const declaration = await readDeclaration(cursor, call);
  return runDdl(call, async (connection) => {
    const { columns, rows, schemaEvolution, errorLogging, comment } = declaration;
    const defaults = new Map<string, string>();
    for (const column of columns) {
      if (column.defaultSql !== null) defaults.set(column.name, defaultSql(column.defaultSql, scopeOf(call)));
      if (column.sequence === null) continue;
      const sequence = `snowline.${quoted(`${objectText(name)}.${column.name}.${crypto.randomUUID()}`)}`;
      await connection.run(`CREATE SEQUENCE ${sequence} START ${column.sequence.start} INCREMENT ${column.sequence.step}`);
      defaults.set(column.name, `nextval(${literal(sequence)})`);
    }
    try {
      await call.account.catalog.createTable({
        name,
        kind,
        columns: columns.map(({ sequence, ...column }) => ({
          ...column,
          defaultSql: sequence === null ? column.defaultSql : null,
        })),
        schemaEvolution,
        errorLogging,
        owner: call.session.role,
        ...(comment === null ? {} : { comment }),
        defaults,
        sessionId: call.session.id,
        connection,
        rows,
        replace: head.replace,
      });
    } catch (error) {
      // Another session was first.
      if (head.ifNotExists && error instanceof SnowflakeError && error.code === "002002")
        return `${name.name} already exists, statement succeeded.`;
      throw error;
    }
    if (kind !== "temporary")
      await call.account.catalog.grants.created({ kind: "TABLE", name: objectText(name) }, call.session.role, containersOf(name));
    return `Table ${name.name} successfully created.`;
  });
}

function kindOf(head: CreateHead): TableDefinition["kind"] {
  if (["TEMPORARY", "TEMP", "VOLATILE"].some((word) => head.words.has(word))) return "temporary";
  return head.words.has("TRANSIENT") ? "transient" : "permanent";
}

async function readDeclaration(cursor: TokenCursor, call: StatementCall): Promise<Declaration> {
  if (cursor.accept("LIKE")) {
    const source = sourceTable(cursor, call);
    return { ...ofTable(source), rows: null, ...readOptions(cursor, source) };
  }
  if (cursor.accept("CLONE")) {
    const source = sourceTable(cursor, call);
    return { ...ofTable(source), rows: `SELECT * FROM ${physicalName(source)}`, ...readOptions(cursor, source) };
  }
  const columns = cursor.sees("(") ? columnList(cursor.parenthesized()) : null;
  const tableOptions = readOptions(cursor, null);
  if (!cursor.accept("AS")) {
    cursor.end();
    if (columns === null) throw cursor.unexpected();
    return { columns, rows: null, ...tableOptions };
  }
  return { ...(await fromQuery(cursor.rest(), columns, call)), ...tableOptions };
}

/** CREATE TABLE AS: columns that are not said have the query's types. */
async function fromQuery(
  text: string,
  columns: readonly DeclaredColumn[] | null,
  call: StatementCall,
): Promise<Pick<Declaration, "columns" | "rows">> {
  const described = await runQuery({ ...call, text, describeOnly: true });
  const declared =
    columns ?? described.columns.map(({ name, type }) => ({ name, type, nullable: true, defaultSql: null, sequence: null }));
  if (declared.length !== described.columns.length)
    throw new SnowflakeError(
      "002026",
      "42601",
      `SQL compilation error:\nInvalid column definition list: it has ${declared.length} columns, the query ${described.columns.length}`,
    );
  const { sql } = await translateQuery(text, scopeOf(call));
  const aliases = declared.map((_, index) => `"C${index}"`);
  const values = declared.map(({ type }, index) => storedValue(aliases[index]!, type));
  return { columns: declared, rows: `SELECT ${values.join(", ")} FROM (${sql}) AS "SOURCE"(${aliases.join(", ")})` };
}

function sourceTable(cursor: TokenCursor, call: StatementCall): TableDefinition {
  const name: ObjectName = cursor.objectName(call.session);
  requireOnObject(call, "SELECT", { kind: "TABLE", name });
  return tableOf(name, call);
}

function ofTable({ columns }: TableDefinition): { readonly columns: readonly DeclaredColumn[] } {
  return { columns: columns.map((column: ColumnDefinition) => ({ ...column, sequence: null })) };
}

/** Options of a table before AS. Those that only say how Snowflake keeps it are read and have no effect. */
function readOptions(
  cursor: TokenCursor,
  like: TableDefinition | null,
): Pick<Declaration, "schemaEvolution" | "errorLogging" | "comment"> {
  let schemaEvolution = like?.schemaEvolution ?? false;
  let errorLogging = like?.errorLogging ?? false;
  let comment: string | null = like?.comment ?? null;
  while (!cursor.isAtEnd && !cursor.sees("AS")) {
    if (cursor.accept("CLUSTER", "BY") || cursor.accept("COPY", "GRANTS") || cursor.accept(",")) {
      if (cursor.sees("(")) cursor.parenthesized();
      continue;
    }
    const option = cursor.take();
    if (option.kind !== "word" || !known.test(option.value)) throw new TokenCursor(cursor.text.slice(option.start)).unexpected();
    cursor.expect("=");
    const value = optionValue(cursor);
    if (option.value === "ENABLE_SCHEMA_EVOLUTION") schemaEvolution = value === "TRUE";
    if (option.value === "ERROR_LOGGING") errorLogging = value === "TRUE";
    if (option.value === "COMMENT") comment = value;
  }
  return { schemaEvolution, errorLogging, comment };
}

const known =
  /^(?:ENABLE_SCHEMA_EVOLUTION|ERROR_LOGGING|COMMENT|DATA_RETENTION_TIME_IN_DAYS|MAX_DATA_EXTENSION_TIME_IN_DAYS|CHANGE_TRACKING|DEFAULT_DDL_COLLATION|STAGE_FILE_FORMAT|STAGE_COPY_OPTIONS)$/;
