import { NotConnected, Terminal } from "../component/errors.ts";

/** A statement that Snowflake refused for what it says, or for what is in the account. The caller knows what that means to it. */
export class StatementRefused extends Error {
  override readonly name = "StatementRefused";
  /** Snowflake's number, such as 2003 for 002003. */
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Numbers of refusals that callers tell apart. */
export const refusal = {
  syntax: 1003,
  /** An object does not exist, or may not be seen: Snowflake does not say which. */
  missing: 2003,
  /** A schema or database likewise. */
  missingSchema: 2043,
  unknownColumn: 904,
  privilege: 3001,
  /** Waited for a lock in vain, or too many wait for it. */
  lock: 625,
  notNull: 100072,
} as const;

/** Waiting helps: cancelled (a timeout, an abort, a warehouse that stopped), an incident, a warehouse that is being repaired, too many requests. */
const passing: ReadonlySet<number> = new Set([603, 604, 605, 608, 630, 300002, 390420, 390421]);
/** The driver lost the server, or the server the session. */
const lost: ReadonlySet<number> = new Set([
  401001, 401002, 401003, 401004, 402001, 402002, 405501, 405502, 405503, 407001, 407002, 390104, 390110, 390111, 390112, 390113,
  390114, 390115, 390195,
]);
/** A resource monitor has stopped the warehouse: the owner may raise the quota, or the next period comes. */
const quota: ReadonlySet<number> = new Set([90073, 90094]);
/** Messages of these numbers quote values of rows. */
const quotesValues = (code: number): boolean => code >= 100_000 && code < 110_000;

/** What a failed statement means. `subject`: whose statement it was, such as `account https://…`. Never has a row's value in it. */
export function statementError(error: unknown, subject: string): Error {
  if (isOurs(error)) return error;
  const { code, message, queryId } = told(error);
  if (code === null)
    return new NotConnected(`${subject}: the driver failed (${error instanceof Error ? error.name : typeof error})`);
  if (lost.has(code)) return new NotConnected(`${subject}: the session is gone (${code})`);
  if (passing.has(code)) return new NotConnected(`${subject}: the statement was interrupted (${code}, query ${queryId})`);
  if (code === 607)
    return new NotConnected(`${subject}: the warehouse does not run (607): ALTER WAREHOUSE … RESUME; loading goes on by itself`);
  if (quota.has(code)) {
    return new NotConnected(
      `${subject}: a resource monitor has stopped the warehouse (${code}): raise its quota; loading goes on by itself`,
    );
  }
  if (code === 606) {
    return new Terminal(
      "WarehouseMissing",
      `${subject}: no warehouse runs the statements: set warehouse in the Connection, and grant USAGE on it to the role`,
    );
  }
  const what = quotesValues(code) ? "a value does not fit its column" : oneLine(message);
  return new StatementRefused(code, `${subject}: ${what} (${code}, query ${queryId})`);
}

/** What a failed sign-in means. */
export function signInError(error: unknown, subject: string): Error {
  if (isOurs(error)) return error;
  const { code, status } = told(error);
  if (status !== null && (status === 403 || status === 404)) {
    return new Terminal(
      "AccountMissing",
      `${subject}: it answers ${status}: check account or url in the Connection, and network policies`,
    );
  }
  if (code === null || lost.has(code) || passing.has(code))
    return new NotConnected(
      `${subject}: no answer${inBrackets(code)}: check account or url, and that it can be reached from here`,
    );
  return new Terminal("AuthenticationFailed", `${subject}: it refused to let us in (${code}): ${adviceOf(code)}`);
}

function adviceOf(code: number): string {
  if (code >= 404000 && code < 405000)
    return "an option is not what the driver takes: check account, url and user in the Connection";
  switch (code) {
    case 390144:
      return "the key is not one of the user's: ALTER USER … SET RSA_PUBLIC_KEY (to rotate: RSA_PUBLIC_KEY_2, before the Secret changes); and check account, user and this machine's clock";
    case 390189:
      return "the role is not there or not granted to the user: GRANT ROLE … TO USER …";
    case 390303:
    case 390318:
      return "the token is not valid any more, or its issuer is not the account's";
    case 394400:
      return "the programmatic access token is not one of the user's, has expired, is disabled or was removed: check user, or ALTER USER … ADD PROGRAMMATIC ACCESS TOKEN …";
    case 394304:
      return "the workload's token is none that a user trusts: CREATE USER … TYPE = SERVICE WORKLOAD_IDENTITY = (TYPE = OIDC ISSUER = '…' SUBJECT = 'system:serviceaccount:…'), with audience snowflakecomputing.com";
    case 390422:
      return "a network policy does not let this address in";
    case 390100:
      return "check user and the credential";
    case 390101:
    case 390102:
      return "the user is disabled or locked: ALTER USER … SET DISABLED = FALSE";
    default:
      return "check user, role and the credential that auth names";
  }
}

function isOurs(error: unknown): error is Error {
  return error instanceof NotConnected || error instanceof Terminal || error instanceof StatementRefused;
}

/** What the driver's error says. Its `data` and `cause` hold statements and answers: they stay behind. */
function told(error: unknown): { code: number | null; message: string; queryId: string; status: number | null } {
  const { code, message, data, response } = (error ?? {}) as {
    readonly code?: unknown;
    readonly message?: unknown;
    readonly data?: { readonly queryId?: unknown };
    readonly response?: { readonly statusCode?: unknown; readonly status?: unknown };
  };
  const number = Number(code);
  const status = response?.statusCode ?? response?.status;
  return {
    code: Number.isInteger(number) && number > 0 ? number : null,
    message: typeof message === "string" ? message : "",
    queryId: typeof data?.queryId === "string" ? data.queryId : "unknown",
    status: typeof status === "number" ? status : null,
  };
}

function inBrackets(code: number | null): string {
  return code === null ? "" : ` (${code})`;
}

/** Longest part of Snowflake's own message that is passed on: characters. It repeats statements at times. */
const messageCharactersMax = 300;

function oneLine(message: string): string {
  return message.replace(/\s+/g, " ").trim().slice(0, messageCharactersMax);
}
