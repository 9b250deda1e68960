import type { DuckDBConnection } from "@duckdb/node-api";
import { SnowflakeError } from "../result.ts";
import type { Store } from "./store.ts";

/** A role. */
export interface Role {
  readonly name: string;
  readonly owner: string;
  readonly comment: string;
  readonly createdOnMs: number;
}

/** What a privilege is on. `name` is a whole name as SQL writes it: `DB.SCHEMA.T`. */
export interface Securable {
  /** DATABASE, SCHEMA, TABLE, VIEW, STAGE, PIPE, WAREHOUSE, ACCOUNT, ROLE, USER, INTEGRATION, … */
  readonly kind: string;
  readonly name: string;
}

/** A privilege that a role has. */
export interface Grant {
  readonly privilege: string;
  readonly on: Securable;
  readonly role: string;
  readonly grantOption: boolean;
  readonly createdOnMs: number;
}

/** Who has a role: another role, or a user. */
export type Grantee = { readonly role: string } | { readonly user: string };

interface RoleGrant {
  readonly role: string;
  readonly to: Grantee;
  readonly createdOnMs: number;
}

interface State {
  readonly roles: readonly Role[];
  readonly grants: readonly Grant[];
  readonly roleGrants: readonly RoleGrant[];
}

/** May do everything, here as (nearly) in Snowflake. */
const accountAdmin = "ACCOUNTADMIN";
const systemRoles = [accountAdmin, "SECURITYADMIN", "USERADMIN", "SYSADMIN", "PUBLIC", "ORGADMIN"];

/** Roles, who has them, and what they may do. Names are as stored. Changes are kept in the store at once. */
export class Grants {
  #state: State;
  readonly #connection: DuckDBConnection;
  readonly #now: () => number;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(connection: DuckDBConnection, state: State, now: () => number) {
    this.#connection = connection;
    this.#state = state;
    this.#now = now;
  }

  /** Reads what the store has. */
  static async open(store: Store, now: () => number): Promise<Grants> {
    const connection = await store.connect();
    await connection.run("CREATE TABLE IF NOT EXISTS snowline.grants (state VARCHAR NOT NULL)");
    const reader = await connection.runAndReadAll("SELECT state FROM snowline.grants");
    const text = reader.getRows()[0]?.[0];
    const roles = systemRoles.map((name) => ({ name, owner: "", comment: "", createdOnMs: now() }));
    const first: State = { roles, grants: [], roleGrants: [] };
    return new Grants(connection, text === undefined ? first : (JSON.parse(String(text)) as State), now);
  }

  roles(): readonly Role[] {
    return this.#state.roles.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  isRole(name: string): boolean {
    return this.#state.roles.some((role) => role.name === name);
  }

  async createRole(role: Omit<Role, "createdOnMs">): Promise<void> {
    await this.#change((state) => ({
      ...state,
      roles: [...state.roles.filter(({ name }) => name !== role.name), { ...role, createdOnMs: this.#now() }],
    }));
  }

  async dropRole(name: string): Promise<void> {
    await this.#change((state) => ({
      roles: state.roles.filter((role) => role.name !== name),
      grants: state.grants.filter(({ role }) => role !== name),
      roleGrants: state.roleGrants.filter(({ role, to }) => role !== name && !("role" in to && to.role === name)),
    }));
  }

  /** Gives a role to a role or a user. Throws SnowflakeError 002003 where there is no such role. */
  async grantRole(role: string, to: Grantee): Promise<void> {
    this.#known(role);
    if ("role" in to) this.#known(to.role);
    await this.#change((state) => ({
      ...state,
      roleGrants: [...state.roleGrants.filter((grant) => !isSame(grant, role, to)), { role, to, createdOnMs: this.#now() }],
    }));
  }

  async revokeRole(role: string, from: Grantee): Promise<void> {
    await this.#change((state) => ({ ...state, roleGrants: state.roleGrants.filter((grant) => !isSame(grant, role, from)) }));
  }

  /** Roles that were given to the user; everybody has PUBLIC. */
  rolesOf(user: string): readonly string[] {
    const given = this.#state.roleGrants.filter(({ to }) => "user" in to && to.user === user).map(({ role }) => role);
    return [...given, "PUBLIC"];
  }

  /** True where the user has the role, directly or by another one. */
  hasRole(user: string, role: string): boolean {
    return this.rolesOf(user).some((given) => this.#withInherited(given).has(role));
  }

  roleGrants(): readonly RoleGrant[] {
    return this.#state.roleGrants;
  }

  /** Gives privileges. Throws SnowflakeError 002003 where there is no such role. */
  async grant(privileges: readonly string[], on: Securable, role: string, grantOption = false): Promise<void> {
    this.#known(role);
    const added = privileges.map((privilege) => ({ privilege, on, role, grantOption, createdOnMs: this.#now() }));
    await this.#change((state) => {
      // OWNERSHIP has one role only.
      const isReplaced = (grant: Grant) =>
        isOn(grant, on) && privileges.includes(grant.privilege) && (grant.role === role || grant.privilege === "OWNERSHIP");
      return { ...state, grants: [...state.grants.filter((grant) => !isReplaced(grant)), ...added] };
    });
  }

  /** Takes privileges away; ALL takes all. */
  async revoke(privileges: readonly string[], on: Securable, role: string): Promise<void> {
    const isTaken = (grant: Grant) =>
      isOn(grant, on) &&
      grant.role === role &&
      (privileges.includes("ALL") ? grant.privilege !== "OWNERSHIP" : privileges.includes(grant.privilege));
    await this.#change((state) => ({ ...state, grants: state.grants.filter((grant) => !isTaken(grant)) }));
  }

  /** Forgets the grants on an object that is gone, and on what was in it. */
  async forget(on: Securable): Promise<void> {
    await this.#change((state) => ({
      ...state,
      grants: state.grants.filter((grant) => !isOn(grant, on) && !grant.on.name.startsWith(`${on.name}.`)),
    }));
  }

  /** All privileges, in the order they were given. */
  grants(): readonly Grant[] {
    return this.#state.grants;
  }

  /** True where the role, or one that it has, may do that; OWNERSHIP may do all. */
  allows(role: string, privilege: string, on: Securable): boolean {
    const roles = this.#withInherited(role);
    if (roles.has(accountAdmin)) return true;
    return this.#state.grants.some(
      (grant) => roles.has(grant.role) && isOn(grant, on) && (grant.privilege === privilege || grant.privilege === "OWNERSHIP"),
    );
  }

  /** True where the role has any privilege on the object: then it may know that it is there. */
  knows(role: string, on: Securable): boolean {
    const roles = this.#withInherited(role);
    return roles.has(accountAdmin) || this.#state.grants.some((grant) => roles.has(grant.role) && isOn(grant, on));
  }

  /** A new object's owner; what future grants of its schema and database say is given too. */
  async created(on: Securable, owner: string, within: readonly Securable[] = []): Promise<void> {
    await this.grant(["OWNERSHIP"], on, owner);
    for (const container of within) {
      const future = this.#state.grants.filter((grant) =>
        isOn(grant, { kind: `FUTURE ${on.kind} IN ${container.kind}`, name: container.name }),
      );
      for (const { privilege, role } of future) await this.grant([privilege], on, role);
    }
  }

  /** Closes its connection to the store. */
  close(): void {
    this.#connection.closeSync();
  }

  #withInherited(role: string): ReadonlySet<string> {
    const roles = new Set([role, "PUBLIC"]);
    // A set is walked over what is added to it on the way.
    for (const holder of roles) {
      for (const { role: given, to } of this.#state.roleGrants) if ("role" in to && to.role === holder) roles.add(given);
    }
    return roles;
  }

  #known(role: string): void {
    if (!this.isRole(role))
      throw new SnowflakeError("002003", "02000", `SQL compilation error:\nRole '${role}' does not exist or not authorized.`);
  }

  async #change(change: (state: State) => State): Promise<void> {
    const turn = this.#turn.then(() => this.#save(change(this.#state)));
    this.#turn = turn.catch(() => undefined);
    await turn;
  }

  async #save(changed: State): Promise<void> {
    await this.#connection.run("BEGIN TRANSACTION");
    await this.#connection.run("DELETE FROM snowline.grants");
    await this.#connection.run("INSERT INTO snowline.grants VALUES ($1)", [JSON.stringify(changed)]);
    await this.#connection.run("COMMIT");
    this.#state = changed;
  }
}

function isOn(grant: Grant, on: Securable): boolean {
  return grant.on.kind === on.kind && grant.on.name === on.name;
}

function isSame(grant: RoleGrant, role: string, to: Grantee): boolean {
  return grant.role === role && JSON.stringify(grant.to) === JSON.stringify(to);
}
