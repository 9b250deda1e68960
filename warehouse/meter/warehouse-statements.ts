import { identifierText } from "../engine/object-name.ts";
import { SnowflakeError, type StatementResult } from "../result.ts";
import { propertyList, propertyText } from "../sign-in/property-list.ts";
import type { PropertyValue } from "../sign-in/user.ts";
import { TokenCursor } from "../sql/token-cursor.ts";
import { createHead } from "../statements/create-options.ts";
import { requirePrivilege } from "../statements/privileges.ts";
import { runDdl } from "../statements/run-ddl.ts";
import type { StatementCall, StatementKind } from "../statements/statement.ts";
import type { WarehouseSettings } from "./warehouse-meter.ts";
import { warehouseSize } from "./warehouse-size.ts";

/** CREATE, ALTER and DROP WAREHOUSE. */
export const warehouseStatements: readonly StatementKind[] = [
  { words: ["CREATE", "WAREHOUSE"], execute: createWarehouse },
  { words: ["CREATE", "OR", "REPLACE", "WAREHOUSE"], execute: createWarehouse },
  { words: ["ALTER", "WAREHOUSE"], execute: alterWarehouse },
  { words: ["DROP", "WAREHOUSE"], execute: dropWarehouse },
];

/** Properties that are taken and change nothing here. */
const passedOver = new Set(
  `WAREHOUSE_TYPE MAX_CLUSTER_COUNT MIN_CLUSTER_COUNT SCALING_POLICY INITIALLY_SUSPENDED RESOURCE_MONITOR ENABLE_QUERY_ACCELERATION
  QUERY_ACCELERATION_MAX_SCALE_FACTOR MAX_CONCURRENCY_LEVEL WAIT_FOR_COMPLETION STATEMENT_QUEUED_TIMEOUT_IN_SECONDS
  STATEMENT_TIMEOUT_IN_SECONDS RESOURCE_CONSTRAINT GENERATION`.split(/\s+/),
);

async function createWarehouse(call: StatementCall): Promise<StatementResult> {
  const { account, session } = call;
  const cursor = new TokenCursor(call.text);
  const head = createHead(cursor, "WAREHOUSE");
  const name = cursor.identifier();
  cursor.accept("WITH");
  const properties = propertyList(cursor);
  const settings = settingsOf(properties);
  requirePrivilege(call, "CREATE WAREHOUSE", { kind: "ACCOUNT", name: account.name });
  return runDdl(call, async () => {
    const isThere = account.meter.has(name);
    if (isThere && head.ifNotExists) return `${name} already exists, statement succeeded.`;
    if (isThere && head.replace) account.meter.drop(name);
    account.meter.create(name, settings);
    await account.catalog.grants.created({ kind: "WAREHOUSE", name: identifierText(name) }, session.role);
    // Snowflake starts a new one unless it is told not to, and the session works on it from now on.
    if (properties.get("INITIALLY_SUSPENDED") !== true) account.meter.resume(name);
    session.warehouse = name;
    return `Warehouse ${name} successfully created.`;
  });
}

async function alterWarehouse(call: StatementCall): Promise<StatementResult> {
  const { meter } = call.account;
  const cursor = new TokenCursor(call.text);
  cursor.expect("ALTER", "WAREHOUSE");
  const ifExists = cursor.accept("IF", "EXISTS");
  const isOwn = ["SET", "UNSET", "SUSPEND", "RESUME"].some((word) => cursor.sees(word));
  const name = isOwn ? (call.session.warehouse ?? "") : cursor.identifier();
  if (ifExists && !meter.has(name)) return runDdl(call, async () => "Statement executed successfully.");
  const on = { kind: "WAREHOUSE", name: identifierText(name) };
  const done = (change: () => void) =>
    runDdl(call, async () => {
      change();
      return "Statement executed successfully.";
    });
  if (cursor.accept("SUSPEND")) {
    requirePrivilege(call, "OPERATE", on);
    return done(() => meter.suspend(name));
  }
  if (cursor.accept("RESUME")) {
    requirePrivilege(call, "OPERATE", on);
    const ifSuspended = cursor.accept("IF", "SUSPENDED");
    const isStarted = meter.list().some(({ definition, state }) => definition.name === name && state === "STARTED");
    return done(() => (ifSuspended && isStarted ? undefined : meter.resume(name)));
  }
  requirePrivilege(call, "MODIFY", on);
  if (cursor.accept("ABORT", "ALL", "QUERIES")) {
    return done(() => {
      for (const query of call.account.queries.running()) if (query.session.warehouse === name) query.cancel();
    });
  }
  cursor.expect("SET");
  const settings = settingsOf(propertyList(cursor));
  return done(() => meter.alter(name, settings));
}

async function dropWarehouse(call: StatementCall): Promise<StatementResult> {
  const { meter, catalog } = call.account;
  const cursor = new TokenCursor(call.text);
  cursor.expect("DROP", "WAREHOUSE");
  const ifExists = cursor.accept("IF", "EXISTS");
  const name = cursor.identifier();
  cursor.end();
  if (ifExists && !meter.has(name))
    return runDdl(call, async () => `Drop statement executed successfully (${name} already dropped).`);
  const on = { kind: "WAREHOUSE", name: identifierText(name) };
  requirePrivilege(call, "OWNERSHIP", on);
  return runDdl(call, async () => {
    meter.drop(name);
    await catalog.grants.forget(on);
    return `${name} successfully dropped.`;
  });
}

function settingsOf(properties: ReadonlyMap<string, PropertyValue>): WarehouseSettings {
  let settings: WarehouseSettings = {};
  for (const [name, value] of properties) {
    if (name === "WAREHOUSE_SIZE") {
      const size = warehouseSize(propertyText(value));
      if (size === null) throw invalid(name, value);
      settings = { ...settings, size };
    } else if (name === "AUTO_SUSPEND") {
      const seconds = value === null ? null : Number(value);
      if (seconds !== null && !(seconds >= 0)) throw invalid(name, value);
      // 0 is "never", as NULL is.
      settings = { ...settings, autoSuspendSeconds: seconds === 0 ? null : seconds };
    } else if (name === "AUTO_RESUME") settings = { ...settings, autoResume: value === true };
    else if (name === "COMMENT") settings = { ...settings, comment: propertyText(value) };
    else if (!passedOver.has(name))
      throw new SnowflakeError("001420", "22023", `SQL compilation error:\ninvalid property '${name}' for 'WAREHOUSE'`);
  }
  return settings;
}

function invalid(name: string, value: PropertyValue): SnowflakeError {
  return new SnowflakeError(
    "001008",
    "22023",
    `SQL compilation error:\ninvalid value [${JSON.stringify(value)}] for parameter '${name}'`,
  );
}
