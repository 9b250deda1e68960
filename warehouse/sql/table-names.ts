import type { ObjectName } from "../engine/object-name.ts";
import type { Session } from "../session.ts";
import type { Node } from "./polyglot.ts";
import { completeName } from "./token-cursor.ts";

interface Identifier {
  readonly name: string;
  readonly quoted?: boolean;
}

/** The whole name of a table's node. Throws SnowflakeError where the session has no database or schema to complete it. */
export function tableNameOf(body: Node, session: Pick<Session, "database" | "schema">): ObjectName {
  return completeName(namePartsOf(body), session);
}

/** The parts of the name of a table's node, as they are stored. */
export function namePartsOf(body: Node): readonly string[] {
  return ["catalog", "schema", "name"].flatMap((member) => {
    const identifier = (body[member] ?? null) as Identifier | null;
    if (identifier === null) return [];
    return [stored(identifier)];
  });
}

/** An identifier as it is stored. */
export function stored({ name, quoted }: Identifier): string {
  return quoted === true ? name : name.toUpperCase();
}
