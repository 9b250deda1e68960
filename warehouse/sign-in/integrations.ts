import { SnowflakeError } from "../result.ts";
import type { SavedState } from "../saved-state.ts";
import type { PropertyValue } from "./user.ts";

/** An external OAuth issuer whose tokens sign users in (CREATE SECURITY INTEGRATION … TYPE = EXTERNAL_OAUTH). */
export interface OauthIntegration {
  readonly name: string;
  readonly enabled: boolean;
  readonly issuer: string;
  /** Where it publishes its keys; null: OpenID discovery under the issuer says it. */
  readonly keysUrl: string | null;
  /** Tokens for other audiences are refused; empty: any of this account's addresses is right, and a token without audience. */
  readonly audiences: readonly string[];
  /** Claims of which the first that is there names the user. */
  readonly userClaims: readonly string[];
  /** Claim that holds the scopes. */
  readonly scopeClaim: string;
  /** Whether a token without a `session:role:` scope may have any role of the user's. */
  readonly anyRole: boolean;
}

/** The account's security integrations, of which external OAuth ones count. Names are as stored. */
export class Integrations {
  readonly #saved: SavedState<readonly OauthIntegration[]>;
  readonly #integrations = new Map<string, OauthIntegration>();

  constructor(saved: SavedState<readonly OauthIntegration[]>) {
    this.#saved = saved;
    for (const integration of saved.load() ?? []) this.#integrations.set(integration.name, integration);
  }

  /** CREATE SECURITY INTEGRATION. Throws SnowflakeError: the name is taken (002002), or a property lacks or has no such value. */
  create(name: string, properties: ReadonlyMap<string, PropertyValue>, orReplace = false): void {
    if (this.#integrations.has(name) && !orReplace)
      throw new SnowflakeError("002002", "42710", `SQL compilation error:\nObject '${name}' already exists.`);
    if (one(properties, "TYPE").toUpperCase() !== "EXTERNAL_OAUTH")
      throw new SnowflakeError(
        "001008",
        "22023",
        "SQL compilation error:\ninvalid value for property 'TYPE': this server knows EXTERNAL_OAUTH only",
      );
    this.#put({
      name,
      enabled: one(properties, "ENABLED", "TRUE").toUpperCase() === "TRUE",
      issuer: one(properties, "EXTERNAL_OAUTH_ISSUER"),
      keysUrl: many(properties, "EXTERNAL_OAUTH_JWS_KEYS_URL", [])[0] ?? null,
      audiences: many(properties, "EXTERNAL_OAUTH_AUDIENCE_LIST", []),
      userClaims: many(properties, "EXTERNAL_OAUTH_TOKEN_USER_MAPPING_CLAIM", ["sub"]),
      scopeClaim: one(properties, "EXTERNAL_OAUTH_SCOPE_MAPPING_ATTRIBUTE", "scp"),
      anyRole: one(properties, "EXTERNAL_OAUTH_ANY_ROLE_MODE", "DISABLE").toUpperCase() !== "DISABLE",
    });
  }

  /** DROP INTEGRATION. Throws SnowflakeError 002003 where there is none. */
  drop(name: string): void {
    if (!this.#integrations.delete(name))
      throw new SnowflakeError(
        "002003",
        "02000",
        `SQL compilation error:\nIntegration '${name}' does not exist or not authorized.`,
      );
    this.#save();
  }

  /** By name. */
  list(): readonly OauthIntegration[] {
    return [...this.#integrations.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  #put(integration: OauthIntegration): void {
    this.#integrations.set(integration.name, integration);
    this.#save();
  }

  #save(): void {
    this.#saved.save(this.list());
  }
}

function many(properties: ReadonlyMap<string, PropertyValue>, name: string, byDefault: readonly string[]): readonly string[] {
  const value = properties.get(name);
  if (value === undefined || value === null) return byDefault;
  return (Array.isArray(value) ? (value as readonly PropertyValue[]) : [value]).map(String);
}

function one(properties: ReadonlyMap<string, PropertyValue>, name: string, byDefault?: string): string {
  const value = many(properties, name, byDefault === undefined ? [] : [byDefault])[0];
  if (value === undefined) throw new SnowflakeError("001008", "22023", `SQL compilation error:\nmissing property '${name}'`);
  return value;
}
