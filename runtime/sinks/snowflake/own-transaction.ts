import { Terminal } from "../../component/errors.ts";
import { StatementRefused } from "../../snowflake/errors.ts";
import type { SnowflakeSession } from "../../snowflake/session.ts";
import { type Claimant, ownersBesides } from "./positions.ts";
import type { WholeName } from "./sink-names.ts";
import type { SinkSetup } from "./sink-setup.ts";

/** A transaction as SHOW TRANSACTIONS lists it. */
export interface OpenTransaction {
  readonly id: string;
  readonly name: string;
}

/**
 * Begins a transaction whose name tells pipeline and owner, so that others know whose it is when its session is gone. Answers its
 * id. Snowflake lets a session whose transaction was ended from outside go on, each statement by itself: what must not be
 * done by itself compares CURRENT_TRANSACTION() with the id (`advance`).
 */
export async function beginOwn(session: SnowflakeSession, setup: SinkSetup): Promise<string> {
  await session.execute(`BEGIN NAME ${ownName(setup)}`);
  const { rows } = await session.execute("SELECT CURRENT_TRANSACTION()");
  const id = rows[0]?.[0];
  if (typeof id !== "string")
    throw new Terminal("TransactionUnknown", "BEGIN: there is no transaction behind it: allow AUTOCOMMIT = TRUE for the user");
  return id;
}

/** All open transactions of this user. A metadata statement: it wakes no warehouse. */
export async function openTransactions(session: SnowflakeSession): Promise<readonly OpenTransaction[]> {
  const { columns, rows } = await session.execute("SHOW TRANSACTIONS");
  const at = (name: string): number => columns.findIndex((column) => column.toLowerCase() === name);
  return rows.map((row) => ({ id: row[at("id")] ?? "", name: row[at("name")] ?? "" }));
}

/** Ends a transaction, whoever it belongs to; nothing happens where it has ended by itself. */
export async function endTransaction(session: SnowflakeSession, id: string, { context }: SinkSetup): Promise<void> {
  context.log.warn({ transaction: id }, "ending the transaction of a session that is gone");
  try {
    await session.execute(`SELECT SYSTEM$ABORT_TRANSACTION(${id})`);
  } catch (error) {
    if (!(error instanceof StatementRefused)) throw error;
  }
}

/**
 * Ends what an earlier session of ours has left open, so that its outcome is settled and its locks are free. One that holds no lock
 * has loaded nothing and is left alone, as by `endLeftOver`: a statement of it may still be on its way.
 */
export async function endOwn(session: SnowflakeSession, setup: SinkSetup): Promise<void> {
  const name = ownName(setup);
  await endHolders(
    session,
    setup,
    (await openTransactions(session)).filter((open) => open.name.toUpperCase() === name),
  );
}

/**
 * Before splits are taken over: ends open transactions of owners who will have no split left and that hold a lock of the table or
 * of the positions. A killed pod leaves them to whoever comes next; Snowflake would keep them for hours. An owner who is alive
 * after all is about to be refused anyway. One that holds no lock yet is left alone: its session would go on without it, and what
 * it loads next would be committed by itself. Once it holds one it has loaded, and only the positions and the COMMIT are left,
 * both of which notice.
 */
export async function endLeftOver(
  session: SnowflakeSession,
  setup: SinkSetup,
  claimant: Claimant,
  splits: readonly string[],
): Promise<void> {
  const ours = (await openTransactions(session)).filter(({ name }) => ownerIn(name, setup) !== null);
  if (ours.length === 0) return;
  const kept = new Set((await ownersBesides(session, claimant, splits)).map(ownerText)).add(ownerText(claimant.owner));
  await endHolders(
    session,
    setup,
    ours.filter(({ name }) => !kept.has(ownerIn(name, setup) ?? "")),
  );
}

/** Ends those that hold a lock of the table or of the positions. */
async function endHolders(session: SnowflakeSession, setup: SinkSetup, open: readonly OpenTransaction[]): Promise<void> {
  if (open.length === 0) return;
  const holders = await lockHolders(session, [setup.names.positions, setup.names.table]);
  for (const { id } of open) if (holders.has(id)) await endTransaction(session, id, setup);
}

/** Ids of the transactions that hold locks of these tables. */
async function lockHolders(session: SnowflakeSession, tables: readonly WholeName[]): Promise<ReadonlySet<string>> {
  const { columns, rows } = await session.execute("SHOW LOCKS");
  const at = (name: string): number => columns.findIndex((column) => column.toLowerCase() === name);
  const [resource, transaction, status] = [at("resource"), at("transaction"), at("status")];
  // SHOW LOCKS names tables with quotes or without.
  const names = new Set(tables.map(({ database, schema, name }) => unquoted([database, schema, name].join("."))));
  const held = rows.filter((row) => row[status] === "HOLDING" && names.has(unquoted(row[resource] ?? "")));
  return new Set(held.map((row) => row[transaction] ?? ""));
}

const unquoted = (name: string): string => name.replaceAll('"', "");

const ownName = ({ names, owner }: SinkSetup): string => `${names.transaction}_${ownerText(owner)}`;

/** The owner in the name of a transaction of this pipeline; null where it is another's, whose name may begin like ours. */
export function ownerIn(transaction: string, { names }: SinkSetup): string | null {
  const [begins, name] = [`${names.transaction}_`, transaction.toUpperCase()];
  const owner = name.startsWith(begins) ? name.slice(begins.length) : "";
  return /^[0-9A-Z]+$/.test(owner) ? owner : null;
}

/** An owner as it stands in a transaction's name. */
function ownerText(owner: string): string {
  return owner.replaceAll("-", "").toUpperCase();
}
