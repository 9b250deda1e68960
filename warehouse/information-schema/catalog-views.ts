import { identifierText, objectText } from "../engine/object-name.ts";
import { type SnowflakeType, typeText } from "../engine/snowflake-type.ts";
import type { TableDefinition } from "../engine/table-definition.ts";
import type { QueryScope } from "../sql/query-scope.ts";
import { type Cell, columns, type Listing } from "./listing.ts";
import { rowCounts } from "./row-counts.ts";

/** Views of INFORMATION_SCHEMA over what is in a database. */
export const catalogViews: Readonly<Record<string, (database: string, scope: QueryScope) => Promise<Listing>>> = {
  TABLES: tables,
  VIEWS: views,
  COLUMNS: columnsView,
  SCHEMATA: schemata,
  DATABASES: databases,
  STAGES: stages,
  PIPES: pipes,
  LOAD_HISTORY: loadHistory,
};

async function tables(database: string, scope: QueryScope): Promise<Listing> {
  const counts = await rowCounts(scope.account.store);
  const ofTables = visible(database, scope).map((table): readonly Cell[] => [
    database,
    table.name.schema,
    table.name.name,
    table.owner,
    tableType(table),
    table.kind === "transient" ? "YES" : "NO",
    counts(table),
    null,
    table.createdOnMs,
    table.comment ?? null,
  ]);
  const ofViews = scope.account.catalog
    .views()
    .filter(({ name }) => name.database === database)
    .map(({ name, owner, createdOnMs }): readonly Cell[] => [
      database,
      name.schema,
      name.name,
      owner,
      "VIEW",
      "NO",
      null,
      null,
      createdOnMs,
      null,
    ]);
  return {
    columns: columns(
      "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME TABLE_OWNER TABLE_TYPE IS_TRANSIENT ROW_COUNT BYTES CREATED COMMENT",
      { ROW_COUNT: "number", BYTES: "number", CREATED: "time" },
    ),
    rows: [...ofTables, ...ofViews],
  };
}

async function views(database: string, { account }: QueryScope): Promise<Listing> {
  return {
    columns: columns(
      "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME TABLE_OWNER VIEW_DEFINITION CHECK_OPTION IS_UPDATABLE IS_SECURE CREATED COMMENT",
      {
        CREATED: "time",
      },
    ),
    rows: account.catalog
      .views()
      .filter(({ name }) => name.database === database)
      .map(({ name, owner, text, createdOnMs }) => [
        database,
        name.schema,
        name.name,
        owner,
        `create view ${objectText(name)} as ${text}`,
        "NONE",
        "NO",
        "NO",
        createdOnMs,
        null,
      ]),
  };
}

async function columnsView(database: string, scope: QueryScope): Promise<Listing> {
  const objects = [
    ...visible(database, scope),
    ...scope.account.catalog.views().filter(({ name }) => name.database === database),
  ];
  return {
    columns: columns(
      `TABLE_CATALOG TABLE_SCHEMA TABLE_NAME COLUMN_NAME ORDINAL_POSITION COLUMN_DEFAULT IS_NULLABLE DATA_TYPE
       CHARACTER_MAXIMUM_LENGTH CHARACTER_OCTET_LENGTH NUMERIC_PRECISION NUMERIC_PRECISION_RADIX NUMERIC_SCALE DATETIME_PRECISION
       IS_IDENTITY IDENTITY_START IDENTITY_INCREMENT IDENTITY_GENERATION IDENTITY_CYCLE IDENTITY_ORDERED DATA_TYPE_ALIAS COMMENT`,
      {
        ORDINAL_POSITION: "number",
        CHARACTER_MAXIMUM_LENGTH: "number",
        CHARACTER_OCTET_LENGTH: "number",
        NUMERIC_PRECISION: "number",
        NUMERIC_PRECISION_RADIX: "number",
        NUMERIC_SCALE: "number",
        DATETIME_PRECISION: "number",
      },
    ),
    rows: objects.flatMap(({ name, columns: own }) =>
      own.map((column, index): readonly Cell[] => [
        database,
        name.schema,
        name.name,
        column.name,
        index + 1,
        column.defaultSql,
        column.nullable ? "YES" : "NO",
        ...typeCells(column.type),
        "NO",
        null,
        null,
        null,
        null,
        null,
        typeText(column.type),
        column.comment ?? null,
      ]),
    ),
  };
}

async function schemata(database: string, { account, session }: QueryScope): Promise<Listing> {
  const { catalog } = account;
  const shown = catalog
    .schemas(database)
    .filter(({ name }) =>
      catalog.grants.knows(session.role, { kind: "SCHEMA", name: `${identifierText(database)}.${identifierText(name)}` }),
    );
  return {
    columns: columns("CATALOG_NAME SCHEMA_NAME SCHEMA_OWNER IS_TRANSIENT CREATED COMMENT", { CREATED: "time" }),
    rows: [
      ...shown.map(({ name, createdOnMs }): readonly Cell[] => [database, name, "ACCOUNTADMIN", "NO", createdOnMs, null]),
      [database, "INFORMATION_SCHEMA", null, "NO", null, "Views describing the contents of schemas in this database"],
    ],
  };
}

async function databases(_database: string, { account }: QueryScope): Promise<Listing> {
  return {
    columns: columns("DATABASE_NAME DATABASE_OWNER IS_TRANSIENT COMMENT CREATED", { CREATED: "time" }),
    rows: account.catalog.databases().map(({ name, createdOnMs }) => [name, "ACCOUNTADMIN", "NO", null, createdOnMs]),
  };
}

async function stages(database: string, { account, session }: QueryScope): Promise<Listing> {
  return {
    columns: columns("STAGE_CATALOG STAGE_SCHEMA STAGE_NAME STAGE_URL STAGE_TYPE STAGE_OWNER COMMENT CREATED", {
      CREATED: "time",
    }),
    rows: account.stages.definitions
      .list(session.id)
      .filter(({ name }) => name.database === database)
      .map(({ name, url, owner, comment, createdMs }) => [
        database,
        name.schema,
        name.name,
        url ?? "",
        url === null ? "Internal Named" : "External Named",
        owner,
        comment,
        createdMs,
      ]),
  };
}

async function pipes(database: string, { account }: QueryScope): Promise<Listing> {
  return {
    columns: columns("PIPE_CATALOG PIPE_SCHEMA PIPE_NAME PIPE_OWNER DEFINITION IS_AUTOINGEST_ENABLED COMMENT CREATED", {
      CREATED: "time",
    }),
    rows: account.pipes.definitions
      .list(null)
      .filter(({ name }) => name.database === database)
      .map(({ name, owner, definition, autoIngest, comment, createdMs }) => [
        database,
        name.schema,
        name.name,
        owner,
        definition,
        autoIngest ? "YES" : "NO",
        comment,
        createdMs,
      ]),
  };
}

async function loadHistory(database: string, { account }: QueryScope): Promise<Listing> {
  const files = await account.copyHistory.list({});
  return {
    columns: columns(
      `SCHEMA_NAME FILE_NAME TABLE_NAME LAST_LOAD_TIME STATUS ROW_COUNT ROW_PARSED FIRST_ERROR_MESSAGE FIRST_ERROR_LINE_NUMBER
       FIRST_ERROR_CHARACTER_POSITION FIRST_ERROR_COL_NAME ERROR_COUNT ERROR_LIMIT`,
      {
        LAST_LOAD_TIME: "time",
        ROW_COUNT: "number",
        ROW_PARSED: "number",
        FIRST_ERROR_LINE_NUMBER: "number",
        FIRST_ERROR_CHARACTER_POSITION: "number",
        ERROR_COUNT: "number",
        ERROR_LIMIT: "number",
      },
    ),
    rows: files
      // It has what COPY has loaded, not what pipes have.
      .filter(({ table, pipe }) => table.database === database && pipe === null)
      .map((file) => [
        file.table.schema,
        file.path,
        file.table.name,
        file.lastLoadMs,
        file.status,
        file.rowsLoaded,
        file.rowsParsed,
        file.firstError?.message ?? null,
        file.firstError?.line ?? null,
        file.firstError?.character ?? null,
        file.firstError?.column ?? null,
        file.errorsSeen,
        file.errorLimit,
      ]),
  };
}

function visible(database: string, { account, session }: QueryScope): readonly TableDefinition[] {
  const { catalog } = account;
  return catalog
    .tables(session.id)
    .filter(
      ({ name, kind }) =>
        name.database === database &&
        (kind === "temporary" || catalog.grants.knows(session.role, { kind: "TABLE", name: objectText(name) })),
    );
}

function tableType({ kind }: TableDefinition): string {
  return kind === "temporary" ? "LOCAL TEMPORARY" : "BASE TABLE";
}

/** DATA_TYPE and what follows it to DATETIME_PRECISION. */
function typeCells(type: SnowflakeType): readonly Cell[] {
  switch (type.kind) {
    case "NUMBER":
      return [type.kind, null, null, type.precision, 10, type.scale, null];
    case "VARCHAR":
      return ["TEXT", type.length, Math.min(type.length * 4, 16_777_216), null, null, null, null];
    case "BINARY":
      return [type.kind, type.length, type.length, null, null, null, null];
    case "TIME":
    case "TIMESTAMP_NTZ":
    case "TIMESTAMP_LTZ":
    case "TIMESTAMP_TZ":
      return [type.kind, null, null, null, null, null, type.scale];
    case "FLOAT":
    case "BOOLEAN":
    case "DATE":
    case "VARIANT":
    case "OBJECT":
    case "ARRAY":
      return [type.kind, null, null, null, null, null, null];
    default:
      return type satisfies never;
  }
}
