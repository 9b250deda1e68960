import { NotConnected, Terminal } from "../../component/errors.ts";

/** DuckDB reports by text only; these are 1.5's. Tests provoke each of them from DuckDB itself. */
const conflicts = /^TransactionContext Error:.*(?:[Cc]onflict|duplicate key)|write-write conflict/s;
const passing = /No space left on device|[Dd]isk quota exceeded|Input\/output error|File too large/;
const invalidated = /^FATAL Error|database has been invalidated/;
const held = /Could not set lock on file .*Conflicting lock is held in (?<program>.*?)\s*\(PID (?<pid>\d+)/s;
/** Messages of these kinds quote values of rows. */
const quoting = /^(?:Conversion|Constraint|Invalid Input|Out of Range|TransactionContext) Error/;

/** True where another transaction was first: the same work in a new transaction sees what it did. */
export function isConflict(error: unknown): boolean {
  return error instanceof Error && conflicts.test(error.message) && !passing.test(error.message);
}

/** The same for transactions that write Snowline's own tables only: there a key can be doubled only by another's transaction. */
export function isOwnConflict(error: unknown): boolean {
  return isConflict(error) || (error instanceof Error && /^Constraint Error:.*duplicate key/is.test(error.message));
}

/**
 * What the engine should make of an error of DuckDB: NotConnected where waiting or somebody else's doing helps, Terminal where
 * the owner must act. Errors that steer already pass as they are. Never has a row's value in it, nor a cause that has.
 */
export function steered(error: unknown, path: string): Error {
  if (error instanceof NotConnected || error instanceof Terminal || !(error instanceof Error)) return error as Error;
  const { message } = error;
  const subject = `DuckDB file ${path}`;
  const holder = held.exec(message)?.groups;
  if (holder !== undefined) {
    const { program, pid } = holder as { program: string; pid: string };
    return new NotConnected(
      `${subject}: process ${pid} (${program}) holds it, and DuckDB lets one process at a time: stop that one; loading goes on by itself`,
    );
  }
  const reason = passing.exec(message)?.[0];
  if (reason !== undefined) return new NotConnected(`${subject}: ${reason}: make room; loading goes on by itself`);
  if (invalidated.test(message))
    return new NotConnected(`${subject}: DuckDB gave the database up after an error and opens it anew`);
  if (/not a valid DuckDB database|Corrupt|^Serialization Error|checksum/.test(message)) {
    return new Terminal(
      "DatabaseCorrupt",
      `${subject}: it is no sound DuckDB database (${firstLine(message)}): restore it, or name another file`,
    );
  }
  if (
    /permission denied|read-only file system|is a directory|not a directory|file already exists|read-only mode/i.test(message)
  ) {
    return new Terminal("DatabaseNotWritable", `${subject}: ${firstLine(message)}: name a file that this process may write`);
  }
  if (message.startsWith("Out of Memory Error")) {
    return new Terminal(
      "OutOfMemory",
      `${subject}: the batch does not fit into the sink's memory: lower load.upToRows and load.upToBytes, or give more memory`,
    );
  }
  if (/^Constraint Error|PRIMARY KEY or UNIQUE constraint/.test(message)) {
    return new Terminal(
      "ConstraintViolated",
      `${subject}: ${constraint(message)}: filter such rows in the SQL, use mode.upsert, or drop the constraint`,
    );
  }
  if (quoting.test(message))
    return new Terminal("RowsNotLoadable", `${subject}: ${message.slice(0, message.indexOf(":"))} while loading rows`);
  return new Terminal("DatabaseFailed", `${subject}: ${firstLine(message)}`, { cause: error });
}

function constraint(message: string): string {
  if (/PRIMARY KEY or UNIQUE|duplicate key/i.test(message))
    return "a row's key is in the table already, and the table has a PRIMARY KEY or UNIQUE constraint";
  if (/FOREIGN KEY|foreign key/.test(message)) return "a row breaks a FOREIGN KEY of the table";
  const named = /^Constraint Error: (?<what>(?:NOT NULL|CHECK) constraint failed[^\n]*)/.exec(message)?.groups?.["what"];
  return named === undefined ? "a row breaks a constraint of the table" : `a row breaks a constraint of the table (${named})`;
}

function firstLine(message: string): string {
  return message.split("\n", 1)[0]!;
}
