import { identifierText } from "../engine/object-name.ts";
import { columns, type Listing } from "../information-schema/listing.ts";
import { parameterDefault, wireParameters } from "../sessions/session-parameters.ts";
import { shows } from "./show-objects.ts";
import type { ShowRequest } from "./show-request.ts";
import type { StatementCall, StatementKind } from "./statement.ts";

/** SHOW of what belongs to the account: databases, schemas, warehouses, roles, users, parameters, transactions, locks. */
export const showAccountStatements: readonly StatementKind[] = [
  ...shows(["DATABASES"], showDatabases),
  ...shows(["SCHEMAS"], showSchemas),
  ...shows(["WAREHOUSES"], showWarehouses),
  ...shows(["ROLES"], showRoles),
  ...shows(["USERS"], showUsers),
  ...shows(["PARAMETERS"], showParameters),
  ...shows(["TRANSACTIONS"], showTransactions),
  ...shows(["LOCKS"], showLocks),
  ...shows(["INTEGRATIONS"], showIntegrations),
];

async function showDatabases(request: ShowRequest, { account, session }: StatementCall): Promise<Listing> {
  const { catalog } = account;
  const databases = catalog
    .databases()
    .filter(
      ({ name }) => request.matches(name) && catalog.grants.knows(session.role, { kind: "DATABASE", name: identifierText(name) }),
    )
    .slice(0, request.limit);
  if (request.terse)
    return {
      columns: columns("created_on name kind database_name schema_name", { created_on: "time" }),
      rows: databases.map(({ name, createdOnMs }) => [createdOnMs, name, "STANDARD", null, null]),
    };
  return {
    columns: columns("created_on name is_default is_current origin owner comment options retention_time kind owner_role_type", {
      created_on: "time",
    }),
    rows: databases.map(({ name, createdOnMs }) => [
      createdOnMs,
      name,
      "N",
      session.database === name ? "Y" : "N",
      "",
      ownerOf(account, "DATABASE", identifierText(name)),
      "",
      "",
      "1",
      "STANDARD",
      "ROLE",
    ]),
  };
}

async function showSchemas(request: ShowRequest, { account, session, text }: StatementCall): Promise<Listing> {
  const { catalog } = account;
  // Unlike tables, schemas are those of the session's database, whatever its schema is.
  const database = /\bIN\s+ACCOUNT\b/i.test(text) ? null : request.database;
  const shown = (name: { readonly database: string; readonly name: string }) =>
    `${identifierText(name.database)}.${identifierText(name.name)}`;
  const schemas = catalog
    .schemas(database ?? undefined)
    .filter(
      (schema) => request.matches(schema.name) && catalog.grants.knows(session.role, { kind: "SCHEMA", name: shown(schema) }),
    )
    .slice(0, request.limit);
  if (request.terse)
    return {
      columns: columns("created_on name kind database_name schema_name", { created_on: "time" }),
      rows: schemas.map((schema) => [schema.createdOnMs, schema.name, null, schema.database, null]),
    };
  return {
    columns: columns("created_on name is_default is_current database_name owner comment options retention_time owner_role_type", {
      created_on: "time",
    }),
    rows: schemas.map((schema) => [
      schema.createdOnMs,
      schema.name,
      "N",
      session.database === schema.database && session.schema === schema.name ? "Y" : "N",
      schema.database,
      ownerOf(account, "SCHEMA", shown(schema)),
      "",
      "",
      "1",
      "ROLE",
    ]),
  };
}

async function showWarehouses(request: ShowRequest, { account, session }: StatementCall): Promise<Listing> {
  return {
    columns: columns(
      `name state type size min_cluster_count max_cluster_count started_clusters running queued is_default is_current auto_suspend
       auto_resume created_on owner comment`,
      {
        created_on: "time",
        running: "number",
        queued: "number",
        auto_suspend: "number",
        min_cluster_count: "number",
        max_cluster_count: "number",
        started_clusters: "number",
      },
    ),
    rows: account.meter
      .list()
      .filter(({ definition }) => request.matches(definition.name))
      .map(({ definition, state, running }) => [
        definition.name,
        state,
        "STANDARD",
        definition.size,
        1,
        1,
        state === "STARTED" ? 1 : 0,
        running,
        0,
        "N",
        session.warehouse === definition.name ? "Y" : "N",
        definition.autoSuspendSeconds,
        String(definition.autoResume),
        definition.createdOnMs,
        ownerOf(account, "WAREHOUSE", identifierText(definition.name)),
        definition.comment,
      ]),
  };
}

async function showRoles(request: ShowRequest, { account, session }: StatementCall): Promise<Listing> {
  const { grants } = account.catalog;
  const given = grants.roleGrants();
  return {
    columns: columns(
      "created_on name is_default is_current is_inherited assigned_to_users granted_to_roles granted_roles owner comment",
      { created_on: "time", assigned_to_users: "number", granted_to_roles: "number", granted_roles: "number" },
    ),
    rows: grants
      .roles()
      .filter(({ name }) => request.matches(name))
      .map(({ name, owner, comment, createdOnMs }) => [
        createdOnMs,
        name,
        "N",
        session.role === name ? "Y" : "N",
        "N",
        given.filter(({ role, to }) => role === name && "user" in to).length,
        given.filter(({ role, to }) => role === name && "role" in to).length,
        given.filter(({ to }) => "role" in to && to.role === name).length,
        owner,
        comment,
      ]),
  };
}

async function showUsers(request: ShowRequest, { account }: StatementCall): Promise<Listing> {
  return {
    columns: columns(
      `name created_on login_name display_name comment disabled default_warehouse default_namespace default_role type
       has_password has_rsa_public_key has_workload_identity`,
      { created_on: "time" },
    ),
    rows: account.users
      .list()
      .filter(({ name }) => request.matches(name))
      .map((user) => [
        user.name,
        user.createdOnMs,
        user.loginName,
        user.name,
        user.comment,
        String(user.disabled),
        user.defaultWarehouse,
        user.defaultNamespace,
        user.defaultRole,
        user.type,
        String(user.passwordHash !== null),
        String(user.rsaPublicKey !== null || user.rsaPublicKey2 !== null),
        String(user.workloadIdentity !== null),
      ]),
  };
}

async function showParameters(request: ShowRequest, { session }: StatementCall): Promise<Listing> {
  return {
    columns: columns("key value default level description type"),
    rows: wireParameters(session.parameters)
      .filter(({ name }) => request.matches(name) && !name.startsWith("$"))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, value }) => [
        name,
        String(value),
        parameterDefault(name) ?? "",
        session.parameters.has(name) ? "SESSION" : "",
        "",
        typeof value === "string" ? "STRING" : typeof value === "number" ? "NUMBER" : "BOOLEAN",
      ]),
  };
}

async function showTransactions(_request: ShowRequest, { account }: StatementCall): Promise<Listing> {
  return {
    columns: columns("id user session name started_on state scope", {
      id: "number",
      session: "number",
      started_on: "time",
      scope: "number",
    }),
    rows: (await account.transactions.list()).map(({ id, user, sessionId, name, startedOnMs, state }) => [
      String(id),
      user,
      sessionId,
      name,
      startedOnMs,
      state,
      0,
    ]),
  };
}

async function showLocks(_request: ShowRequest, { account }: StatementCall): Promise<Listing> {
  const open = new Map((await account.transactions.list()).map((transaction) => [transaction.id, transaction]));
  return {
    columns: columns("resource type transaction transaction_started_on status acquired_on query_id session", {
      transaction: "number",
      transaction_started_on: "time",
      acquired_on: "time",
      session: "number",
    }),
    rows: account.transactions.lockStates().map(({ table, owner, status }) => {
      const name = account.catalog.tableById(table)?.name;
      const transaction = open.get(owner.id);
      return [
        name === undefined ? String(table) : [name.database, name.schema, name.name].map(identifierText).join("."),
        "PARTITIONS",
        String(owner.id),
        transaction?.startedOnMs ?? null,
        status,
        status === "HOLDING" ? (transaction?.startedOnMs ?? null) : null,
        owner.queryId,
        transaction?.sessionId ?? null,
      ];
    }),
  };
}

async function showIntegrations(request: ShowRequest, { account }: StatementCall): Promise<Listing> {
  return {
    columns: columns("name type category enabled comment created_on"),
    rows: account.integrations
      .list()
      .filter(({ name }) => request.matches(name))
      .map(({ name, enabled }) => [name, "EXTERNAL_OAUTH", "SECURITY", String(enabled), "", null]),
  };
}

function ownerOf(account: StatementCall["account"], kind: string, name: string): string {
  const grant = account.catalog.grants
    .grants()
    .find(({ privilege, on }) => privilege === "OWNERSHIP" && on.kind === kind && on.name === name);
  return grant?.role ?? "ACCOUNTADMIN";
}
