/** A value in the property list of CREATE and ALTER: `TYPE = SERVICE`, `OIDC_AUDIENCE_LIST = ('a', 'b')`, `WORKLOAD_IDENTITY = (TYPE = OIDC …)`. */
export type PropertyValue =
  | string
  | number
  | boolean
  | null
  | readonly PropertyValue[]
  | { readonly [name: string]: PropertyValue };

/** Whose token signs this user in (CREATE USER … WORKLOAD_IDENTITY). */
export interface WorkloadIdentity {
  readonly issuer: string;
  readonly subject: string;
  /** Empty: `snowflakecomputing.com` is the audience. */
  readonly audiences: readonly string[];
}

/** A programmatic access token; the token itself is known to its holder alone. */
export interface AccessToken {
  readonly name: string;
  /** SHA-256 of the token, base64. */
  readonly digest: string;
  /** Sessions of this token have this role; null: any of the user's. */
  readonly roleRestriction: string | null;
  /** Milliseconds since the epoch. */
  readonly expiresMs: number;
  readonly createdMs: number;
  readonly disabled: boolean;
}

/** A user of the account, names as stored. Passwords are kept as hashes. */
export interface User {
  readonly name: string;
  readonly loginName: string;
  readonly type: "PERSON" | "SERVICE" | "LEGACY_SERVICE";
  readonly passwordHash: string | null;
  readonly disabled: boolean;
  readonly defaultRole: string | null;
  readonly defaultWarehouse: string | null;
  /** `DB` or `DB.SCHEMA`. */
  readonly defaultNamespace: string | null;
  /** Base64 of the DER, without header and line ends; the second one is for rotation. */
  readonly rsaPublicKey: string | null;
  readonly rsaPublicKey2: string | null;
  readonly workloadIdentity: WorkloadIdentity | null;
  readonly accessTokens: readonly AccessToken[];
  readonly comment: string;
  readonly createdOnMs: number;
}
