import { columns, type Cell, type Listing, listingResult } from "../information-schema/listing.ts";
import { type ObjectName, objectText } from "../engine/object-name.ts";
import type { SnowflakeType } from "../engine/snowflake-type.ts";
import type { ColumnDefinition, TableDefinition } from "../engine/table-definition.ts";
import type { StatementResult } from "../result.ts";
import { rowCounts } from "../information-schema/row-counts.ts";
import { showRequest, type ShowRequest } from "./show-request.ts";
import type { StatementCall, StatementKind } from "./statement.ts";
import { statementTypes } from "./statement-types.ts";

/** SHOW of what is in schemas: tables, views, objects, columns, keys. */
export const showObjectStatements: readonly StatementKind[] = [
  ...shows(["TABLES"], showTables),
  ...shows(["VIEWS"], showViews),
  ...shows(["OBJECTS"], showObjects),
  ...shows(["COLUMNS"], showColumns),
  ...shows(["PRIMARY", "KEYS"], showPrimaryKeys),
  ...["SEQUENCES", "FUNCTIONS", "PROCEDURES", "TASKS", "STREAMS"].flatMap((kind) =>
    shows([kind], async (request) => none(request)),
  ),
  ...shows(["UNIQUE", "KEYS"], async () => keysOf([])),
  ...shows(["IMPORTED", "KEYS"], async () => none()),
];

/** A kind of SHOW, also with TERSE. */
export function shows(
  words: readonly string[],
  list: (request: ShowRequest, call: StatementCall) => Promise<Listing>,
): readonly StatementKind[] {
  const execute = async (call: StatementCall): Promise<StatementResult> =>
    listingResult(await list(showRequest(call, ...words), call), statementTypes.show);
  return [
    { words: ["SHOW", ...words], execute },
    { words: ["SHOW", "TERSE", ...words], execute },
  ];
}

const terseColumns = columns("created_on name kind database_name schema_name", { created_on: "time" });

async function showTables(request: ShowRequest, call: StatementCall): Promise<Listing> {
  const tables = chosen(request, visibleTables(call));
  if (request.terse)
    return {
      columns: terseColumns,
      rows: tables.map((table) => [table.createdOnMs, table.name.name, kindText(table), table.name.database, table.name.schema]),
    };
  const counts = await rowCounts(call.account.store);
  return {
    columns: columns(
      `created_on name database_name schema_name kind comment cluster_by rows bytes owner retention_time automatic_clustering
       change_tracking is_external enable_schema_evolution owner_role_type is_event is_hybrid is_iceberg is_dynamic`,
      { created_on: "time", rows: "number", bytes: "number" },
    ),
    rows: tables.map((table): readonly Cell[] => {
      const { name } = table;
      const count = counts(table);
      return [
        table.createdOnMs,
        name.name,
        name.database,
        name.schema,
        kindText(table),
        table.comment ?? "",
        "",
        count,
        null,
        table.owner,
        "1",
        "OFF",
        "OFF",
        "N",
        table.schemaEvolution ? "Y" : "N",
        "ROLE",
        "N",
        "N",
        "N",
        "N",
      ];
    }),
  };
}

async function showViews(request: ShowRequest, call: StatementCall): Promise<Listing> {
  const views = chosen(request, call.account.catalog.views());
  if (request.terse)
    return {
      columns: terseColumns,
      rows: views.map(({ name, createdOnMs }) => [createdOnMs, name.name, "VIEW", name.database, name.schema]),
    };
  return {
    columns: columns(
      "created_on name reserved database_name schema_name owner comment text is_secure is_materialized owner_role_type change_tracking",
      { created_on: "time" },
    ),
    rows: views.map((view) => {
      const { name, createdOnMs, owner } = view;
      const text = `create view ${objectText(name)} as ${view.text}`;
      return [createdOnMs, name.name, "", name.database, name.schema, owner, "", text, "false", "false", "ROLE", "OFF"];
    }),
  };
}

async function showObjects(request: ShowRequest, call: StatementCall): Promise<Listing> {
  const counts = await rowCounts(call.account.store);
  const tables = visibleTables(call).map((table) => ({ ...table, shown: "TABLE", rows: counts(table) }));
  const views = call.account.catalog.views().map((view) => ({ ...view, shown: "VIEW", rows: null }));
  const objects = chosen(request, [...tables, ...views]);
  if (request.terse)
    return {
      columns: terseColumns,
      rows: objects.map(({ name, shown, createdOnMs }) => [createdOnMs, name.name, shown, name.database, name.schema]),
    };
  return {
    columns: columns(
      `created_on name database_name schema_name kind comment cluster_by rows bytes owner retention_time owner_role_type
       is_hybrid is_dynamic is_iceberg`,
      { created_on: "time", rows: "number", bytes: "number" },
    ),
    rows: objects.map(({ name, shown, createdOnMs, owner, rows }) => [
      createdOnMs,
      name.name,
      name.database,
      name.schema,
      shown,
      "",
      "",
      rows,
      null,
      owner,
      "1",
      "ROLE",
      "N",
      "N",
      "N",
    ]),
  };
}

async function showColumns(request: ShowRequest, call: StatementCall): Promise<Listing> {
  const { catalog } = call.account;
  const all = [...visibleTables(call), ...catalog.views()];
  const objects =
    request.table === null ? within(request, all) : all.filter(({ name }) => objectText(name) === objectText(request.table!));
  return {
    columns: columns(
      "table_name schema_name column_name data_type null? default kind expression comment database_name autoincrement",
    ),
    rows: objects.flatMap(({ name, columns: own }) =>
      own
        .filter((column) => request.matches(column.name))
        .map((column) => [
          name.name,
          name.schema,
          column.name,
          typeJson(column),
          column.nullable ? "true" : "NOT_NULL",
          column.defaultSql ?? "",
          "COLUMN",
          "",
          column.comment ?? "",
          name.database,
          "",
        ]),
    ),
  };
}

async function showPrimaryKeys(request: ShowRequest, call: StatementCall): Promise<Listing> {
  const all = visibleTables(call);
  const tables =
    request.table === null ? within(request, all) : all.filter(({ name }) => objectText(name) === objectText(request.table!));
  return keysOf(tables);
}

function keysOf(tables: readonly TableDefinition[]): Listing {
  return {
    columns: columns("created_on database_name schema_name table_name column_name key_sequence constraint_name rely comment", {
      created_on: "time",
      key_sequence: "number",
    }),
    rows: tables.flatMap(({ name, columns: own, createdOnMs, id }) =>
      own
        .filter(({ primaryKey }) => primaryKey === true)
        .map((column, index) => [
          createdOnMs,
          name.database,
          name.schema,
          name.name,
          column.name,
          index + 1,
          `SYS_CONSTRAINT_${id}`,
          "false",
          null,
        ]),
    ),
  };
}

async function none(_request?: ShowRequest): Promise<Listing> {
  return { columns: columns("created_on name database_name schema_name comment", { created_on: "time" }), rows: [] };
}

/** Tables that the session's role may know of. */
function visibleTables({ account, session }: Pick<StatementCall, "account" | "session">): readonly TableDefinition[] {
  return account.catalog
    .tables(session.id)
    .filter(
      ({ kind, name }) =>
        kind === "temporary" || account.catalog.grants.knows(session.role, { kind: "TABLE", name: objectText(name) }),
    );
}

/** A table's kind in Snowflake's words. */
function kindText({ kind }: TableDefinition): string {
  return kind === "permanent" ? "TABLE" : kind.toUpperCase();
}

function within<T extends { readonly name: ObjectName }>(request: ShowRequest, objects: readonly T[]): readonly T[] {
  return objects.filter(
    ({ name }) =>
      (request.database === null || name.database === request.database) &&
      (request.schema === null || name.schema === request.schema),
  );
}

function chosen<T extends { readonly name: ObjectName }>(request: ShowRequest, objects: readonly T[]): readonly T[] {
  return within(request, objects)
    .filter(({ name }) => request.matches(name.name) && (request.after === null || name.name > request.after))
    .toSorted((a, b) => (objectText(a.name) < objectText(b.name) ? -1 : 1))
    .slice(0, request.limit);
}

/** A column's type as SHOW COLUMNS has it. */
function typeJson({ type, nullable }: ColumnDefinition): string {
  return JSON.stringify({ ...typeMembers(type), nullable });
}

function typeMembers(type: SnowflakeType): Readonly<Record<string, unknown>> {
  switch (type.kind) {
    case "NUMBER":
      return { type: "FIXED", precision: type.precision, scale: type.scale };
    case "FLOAT":
      return { type: "REAL" };
    case "VARCHAR":
      return { type: "TEXT", length: type.length, byteLength: type.length * 4, fixed: false };
    case "BINARY":
      return { type: "BINARY", length: type.length, byteLength: type.length, fixed: true };
    case "TIME":
    case "TIMESTAMP_NTZ":
    case "TIMESTAMP_LTZ":
    case "TIMESTAMP_TZ":
      return { type: type.kind, precision: 0, scale: type.scale };
    case "BOOLEAN":
    case "DATE":
    case "VARIANT":
    case "OBJECT":
    case "ARRAY":
      return { type: type.kind };
    default:
      return type satisfies never;
  }
}
