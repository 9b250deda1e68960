import type { Account } from "../account.ts";
import { SnowflakeError } from "../result.ts";
import { signInErrors } from "../sign-in/sign-in-error.ts";
import type { SignedIn } from "../sign-in/signed-in.ts";
import type { SessionStart } from "./open-session.ts";

/** What a client asks for when it signs in; null: its user's default. */
export interface WantedSession {
  readonly role: string | null;
  readonly database: string | null;
  readonly schema: string | null;
  readonly warehouse: string | null;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly client: string;
}

/** Every user's role. */
const publicRole = "PUBLIC";
/** The schema of a database that a session begins in. */
const publicSchema = "PUBLIC";

/**
 * What the session begins with. A database, schema or warehouse that is not there is none, as in Snowflake; a role that the
 * user does not have, or that the credential is not for, is a SnowflakeError.
 */
export function sessionStart(account: Account, signedIn: SignedIn, wanted: WantedSession): SessionStart {
  const { user } = signedIn;
  const [defaultDatabase = null, defaultSchema = null] = user.defaultNamespace === null ? [] : user.defaultNamespace.split(".");
  const database = stored(wanted.database) ?? stored(defaultDatabase);
  const isThere = database !== null && account.catalog.hasDatabase(database);
  const schema = stored(wanted.schema) ?? (stored(wanted.database) === null ? stored(defaultSchema) : null) ?? publicSchema;
  const warehouse = stored(wanted.warehouse) ?? stored(user.defaultWarehouse);
  return {
    user: user.name,
    role: roleOf(account, signedIn, stored(wanted.role)),
    database: isThere ? database : null,
    schema: isThere && account.catalog.hasSchema(database, schema) ? schema : null,
    warehouse: warehouse !== null && account.meter.has(warehouse) ? warehouse : null,
    parameters: new Map(Object.entries(wanted.parameters).map(([name, value]) => [name.toUpperCase(), String(value)])),
    client: wanted.client,
  };
}

function roleOf(account: Account, { user, roleRestriction, anyRole }: SignedIn, wanted: string | null): string {
  if (roleRestriction !== null && wanted !== null && wanted !== roleRestriction) throw signInErrors.roleNotGranted(wanted);
  if (roleRestriction === null && !anyRole)
    throw new SnowflakeError(
      "390317",
      "08001",
      "The role requested in the connection or the default role if none was requested in the connection ('') is not listed in the Access Token or was filtered.",
    );
  const role = roleRestriction ?? wanted ?? stored(user.defaultRole) ?? publicRole;
  if (role === publicRole || account.catalog.grants.hasRole(user.name, role)) return role;
  // A default role that was taken away is no reason to stay outside.
  if (roleRestriction === null && wanted === null) return publicRole;
  throw account.catalog.grants.isRole(role) ? signInErrors.roleNotGranted(role) : signInErrors.roleUnknown(role);
}

/** A name as connection strings have it: upper case unless it is quoted. */
function stored(name: string | null | undefined): string | null {
  if (name === null || name === undefined || name === "") return null;
  return /^".*"$/s.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name.toUpperCase();
}
