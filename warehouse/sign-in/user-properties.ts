import { createPublicKey } from "node:crypto";
import { SnowflakeError } from "../result.ts";
import type { PropertyValue, User, WorkloadIdentity } from "./user.ts";

/** What properties change in a user. */
export type UserChange = Partial<Omit<User, "name" | "accessTokens" | "passwordHash" | "createdOnMs">> & {
  readonly password?: string | null;
};

type Reader = (value: PropertyValue, name: string) => UserChange;

const readers: Readonly<Record<string, Reader>> = {
  PASSWORD: (value, name) => ({ password: textOrNull(value, name) }),
  LOGIN_NAME: (value, name) => (value === null ? {} : { loginName: text(value, name).toUpperCase() }),
  TYPE: (value, name) => ({ type: userType(value, name) }),
  DISABLED: (value) => ({ disabled: isTrue(value) }),
  DEFAULT_ROLE: (value, name) => ({ defaultRole: textOrNull(value, name) }),
  DEFAULT_WAREHOUSE: (value, name) => ({ defaultWarehouse: textOrNull(value, name) }),
  DEFAULT_NAMESPACE: (value, name) => ({ defaultNamespace: textOrNull(value, name) }),
  RSA_PUBLIC_KEY: (value, name) => ({ rsaPublicKey: value === null ? null : publicKey(value, name) }),
  RSA_PUBLIC_KEY_2: (value, name) => ({ rsaPublicKey2: value === null ? null : publicKey(value, name) }),
  WORKLOAD_IDENTITY: (value, name) => ({ workloadIdentity: value === null ? null : workloadIdentity(value, name) }),
  COMMENT: (value, name) => ({ comment: textOrNull(value, name) ?? "" }),
};
/** Properties that are taken and change nothing here. */
const passedOver = [
  "DISPLAY_NAME",
  "FIRST_NAME",
  "MIDDLE_NAME",
  "LAST_NAME",
  "EMAIL",
  "MUST_CHANGE_PASSWORD",
  "DAYS_TO_EXPIRY",
  "MINS_TO_UNLOCK",
  "MINS_TO_BYPASS_MFA",
  "DEFAULT_SECONDARY_ROLES",
  "NETWORK_POLICY",
  "AUTHENTICATION_POLICY",
  "RSA_PUBLIC_KEY_FP",
];

/** Reads the properties of CREATE and ALTER USER, by upper-case name. Throws SnowflakeError where one is unknown or has no such value. */
export function userChange(properties: ReadonlyMap<string, PropertyValue>): UserChange {
  let change: UserChange = {};
  for (const [name, value] of properties) {
    const reader = readers[name];
    if (reader === undefined && !passedOver.includes(name))
      throw new SnowflakeError("001420", "22023", `SQL compilation error:\ninvalid property '${name}' for 'USER'`);
    change = { ...change, ...reader?.(value, name) };
  }
  return change;
}

function text(value: PropertyValue, name: string): string {
  if (typeof value !== "string" && typeof value !== "number") throw invalid(name, "it is to be a text");
  return String(value);
}

function textOrNull(value: PropertyValue, name: string): string | null {
  return value === null ? null : text(value, name);
}

function isTrue(value: PropertyValue): boolean {
  return value === true || (typeof value === "string" && value.toUpperCase() === "TRUE");
}

function userType(value: PropertyValue, name: string): User["type"] {
  const type = value === null ? "PERSON" : text(value, name).toUpperCase();
  if (type !== "PERSON" && type !== "SERVICE" && type !== "LEGACY_SERVICE")
    throw invalid(name, "it is to be PERSON, SERVICE or LEGACY_SERVICE");
  return type;
}

/** Base64 of the DER; a header and line ends are taken off, as Snowflake takes keys with and without. */
function publicKey(value: PropertyValue, name: string): string {
  const base64 = text(value, name).replaceAll(/-----[A-Z ]+-----|\s/g, "");
  try {
    const key = createPublicKey({ key: Buffer.from(base64, "base64"), format: "der", type: "spki" });
    if (key.asymmetricKeyType === "rsa") return base64;
  } catch {
    // Answered below: the reason may quote the key.
  }
  throw new SnowflakeError(
    "390166",
    "22023",
    `New public key rejected by current policy. Reason: 'Invalid public key' (${name})`,
  );
}

function workloadIdentity(value: PropertyValue, name: string): WorkloadIdentity {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(name, "it is to be (TYPE = OIDC …)");
  const properties = value as { readonly [property: string]: PropertyValue };
  const type = text(properties["TYPE"] ?? "", `${name}.TYPE`).toUpperCase();
  if (type !== "OIDC") throw invalid(`${name}.TYPE`, "this server knows OIDC only");
  const audiences = properties["OIDC_AUDIENCE_LIST"] ?? [];
  return {
    issuer: text(properties["ISSUER"] ?? null, `${name}.ISSUER`),
    subject: text(properties["SUBJECT"] ?? null, `${name}.SUBJECT`),
    audiences: (Array.isArray(audiences) ? (audiences as readonly PropertyValue[]) : [audiences]).map((audience) =>
      text(audience, `${name}.OIDC_AUDIENCE_LIST`),
    ),
  };
}

function invalid(name: string, why: string): SnowflakeError {
  return new SnowflakeError("001008", "22023", `SQL compilation error:\ninvalid value for property '${name}': ${why}`);
}
