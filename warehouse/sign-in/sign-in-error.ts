import { randomUUID } from "node:crypto";
import { SnowflakeError } from "../result.ts";

/** SQL state of every refused sign-in. */
const sqlState = "08001";

/** Why a sign-in is refused: code and sentence as Snowflake gives them. Never says which part of a credential was wrong. */
export const signInErrors = {
  password: () => new SnowflakeError("390100", sqlState, "Incorrect username or password was specified."),
  disabled: () => new SnowflakeError("390101", sqlState, "User access disabled. Contact your local system administrator."),
  keyPair: () => new SnowflakeError("390144", sqlState, `JWT token is invalid. [${randomUUID()}]`),
  oauth: () => new SnowflakeError("390303", sqlState, `Invalid OAuth access token. [${randomUUID()}]`),
  oauthExpired: () => new SnowflakeError("390318", sqlState, `OAuth access token expired. [${randomUUID()}]`),
  accessToken: () => new SnowflakeError("394400", sqlState, "Programmatic access token is invalid."),
  workloadIdentity: () =>
    new SnowflakeError("394304", sqlState, `The provided workload identity attestation is invalid. [${randomUUID()}]`),
  authenticator: (name: string) =>
    new SnowflakeError("390150", sqlState, `Authenticator ${name} is not one that this server knows.`),
  roleUnknown: (role: string) =>
    new SnowflakeError(
      "390189",
      sqlState,
      `Role '${role}' specified in the connect string does not exist or not authorized. Contact your local system administrator, or attempt to login with another valid role.`,
    ),
  roleNotGranted: (role: string) =>
    new SnowflakeError(
      "390186",
      sqlState,
      `Role '${role}' specified in the connect string is not granted to this user. Contact your local system administrator, or attempt to login with another role, e.g. PUBLIC.`,
    ),
} as const;
