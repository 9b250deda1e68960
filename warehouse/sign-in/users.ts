import { createHash, randomBytes } from "node:crypto";
import { SnowflakeError } from "../result.ts";
import type { SavedState } from "../saved-state.ts";
import { passwordHash } from "./password.ts";
import type { AccessToken, PropertyValue, User } from "./user.ts";
import { type UserChange, userChange } from "./user-properties.ts";

/** Days a programmatic access token lives where DAYS_TO_EXPIRY is not said. */
const tokenDays = 15;
const dayMs = 86_400_000;
/** Tokens a user may have, as in Snowflake. */
const tokensMax = 15;

/** The account's users: what CREATE, ALTER and DROP USER change and signing in reads. Names are as stored (upper case unless quoted). */
export class Users {
  readonly #now: () => number;
  readonly #saved: SavedState<readonly User[]>;
  readonly #users = new Map<string, User>();

  constructor(now: () => number, saved: SavedState<readonly User[]>) {
    this.#now = now;
    this.#saved = saved;
    for (const user of saved.load() ?? []) this.#users.set(user.name, user);
  }

  /**
   * CREATE USER. Properties are those of the statement by upper-case name. Throws SnowflakeError: the user is there (002002), a
   * property is unknown or has no such value.
   */
  create(name: string, properties: ReadonlyMap<string, PropertyValue>, orReplace = false): void {
    if (this.#users.has(name) && !orReplace)
      throw new SnowflakeError("002002", "42710", `SQL compilation error:\nObject '${name}' already exists.`);
    const user: User = {
      name,
      loginName: name,
      type: "PERSON",
      passwordHash: null,
      disabled: false,
      defaultRole: null,
      defaultWarehouse: null,
      defaultNamespace: null,
      rsaPublicKey: null,
      rsaPublicKey2: null,
      workloadIdentity: null,
      accessTokens: [],
      comment: "",
      createdOnMs: this.#now(),
    };
    this.#put(changed(user, userChange(properties)));
  }

  /** ALTER USER … SET. Throws SnowflakeError: no such user (002003), or as `create`. */
  alter(name: string, properties: ReadonlyMap<string, PropertyValue>): void {
    this.#put(changed(this.#known(name), userChange(properties)));
  }

  /** ALTER USER … UNSET: the properties' values become what they are in a new user. */
  unset(name: string, properties: readonly string[]): void {
    this.alter(name, new Map(properties.map((property) => [property, null])));
  }

  /** DROP USER. Throws SnowflakeError 002003 where there is none. */
  drop(name: string): void {
    this.#known(name);
    this.#users.delete(name);
    this.#save();
  }

  /** ALTER USER … ADD PROGRAMMATIC ACCESS TOKEN: the token, which is shown this once. */
  addAccessToken(
    name: string,
    token: string,
    options: { readonly roleRestriction?: string; readonly days?: number } = {},
  ): string {
    const user = this.#known(name);
    if (user.accessTokens.some((other) => other.name === token))
      throw new SnowflakeError("002002", "42710", `SQL compilation error:\nObject '${token}' already exists.`);
    if (user.accessTokens.length === tokensMax)
      throw new SnowflakeError(
        "099209",
        "22023",
        `User '${name}' has ${tokensMax} programmatic access tokens, which is the most: remove one.`,
      );
    const secret = randomBytes(48).toString("base64url");
    const added: AccessToken = {
      name: token,
      digest: tokenDigest(secret),
      roleRestriction: options.roleRestriction ?? null,
      expiresMs: this.#now() + (options.days ?? tokenDays) * dayMs,
      createdMs: this.#now(),
      disabled: false,
    };
    this.#put({ ...user, accessTokens: [...user.accessTokens, added] });
    return secret;
  }

  /** ALTER USER … REMOVE PROGRAMMATIC ACCESS TOKEN. Throws SnowflakeError 002003 where there is no such token. */
  removeAccessToken(name: string, token: string): void {
    const user = this.#known(name);
    const accessTokens = user.accessTokens.filter((other) => other.name !== token);
    if (accessTokens.length === user.accessTokens.length) throw notThere("Programmatic access token", token);
    this.#put({ ...user, accessTokens });
  }

  get(name: string): User | null {
    return this.#users.get(name) ?? null;
  }

  /** By name. */
  list(): readonly User[] {
    return [...this.#users.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The user that a client names when it signs in: case does not matter. */
  byLoginName(loginName: string): User | null {
    const wanted = loginName.toUpperCase();
    return this.list().find((user) => user.loginName.toUpperCase() === wanted) ?? null;
  }

  #known(name: string): User {
    const user = this.#users.get(name);
    if (user === undefined) throw notThere("User", name);
    return user;
  }

  #put(user: User): void {
    this.#users.set(user.name, user);
    this.#save();
  }

  #save(): void {
    this.#saved.save(this.list());
  }
}

/** How a programmatic access token is kept. */
export function tokenDigest(secret: string): string {
  return createHash("sha256").update(secret).digest("base64");
}

function changed(user: User, { password, ...change }: UserChange): User {
  return {
    ...user,
    ...change,
    ...(password === undefined ? {} : { passwordHash: password === null ? null : passwordHash(password) }),
  };
}

function notThere(what: string, name: string): SnowflakeError {
  return new SnowflakeError("002003", "02000", `SQL compilation error:\n${what} '${name}' does not exist or not authorized.`);
}
