import { type ObjectName, objectText } from "../engine/object-name.ts";
import { containersOf, requireCreate, requireOnObject } from "../statements/privileges.ts";
import type { StatementCall } from "../statements/statement.ts";
import type { StageLocation } from "./stage.ts";

/** What a role needs a privilege on. */
export type OwnedKind = "STAGE" | "FILE FORMAT" | "PIPE";

/** An object of a schema; a temporary one is its session's, and nobody else's. */
export interface OwnedObject {
  readonly kind: OwnedKind;
  readonly name: ObjectName;
  readonly temporary: boolean;
}

/** Throws Snowflake's error where the session's role may not make the object. */
export function requireToCreate(call: StatementCall, { kind, name, temporary }: OwnedObject): void {
  if (!temporary) requireCreate(call, `CREATE ${kind}`, name);
}

/** Throws Snowflake's error where the session's role does not own the object. */
export function requireOwnership(call: StatementCall, { kind, name, temporary }: OwnedObject): void {
  if (!temporary) requireOnObject(call, "OWNERSHIP", { kind, name });
}

/** The session's role owns the new object. */
export async function nowOwned({ account, session }: StatementCall, { kind, name, temporary }: OwnedObject): Promise<void> {
  if (!temporary) await account.catalog.grants.created({ kind, name: objectText(name) }, session.role, containersOf(name));
}

/** Nobody has privileges on what was dropped. */
export async function noLongerOwned({ account }: StatementCall, { kind, name, temporary }: OwnedObject): Promise<void> {
  if (!temporary) await account.catalog.grants.forget({ kind, name: objectText(name) });
}

/** Throws Snowflake's error where the session's role may not read the stage's files, or write them. */
export function requireStage(
  call: Pick<StatementCall, "account" | "session">,
  { stage }: StageLocation,
  access: "READ" | "WRITE",
): void {
  // A table's stage comes with the table, a user's with the user, and an address with nothing.
  if (stage === null || stage.sessionId !== null) return;
  requireOnObject(call, stage.url === null ? access : "USAGE", { kind: "STAGE", name: stage.name });
}
