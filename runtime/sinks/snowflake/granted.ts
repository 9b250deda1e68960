import { quotedName } from "../../snowflake/identifiers.ts";
import { StatementRefused } from "../../snowflake/errors.ts";
import { nameParts } from "../../snowflake/readable-name.ts";
import type { SnowflakeSession } from "../../snowflake/session.ts";
import { isSame, type Privilege } from "./privileges.ts";

/** A privilege that a role has, by itself or from a role it was granted. */
export type Granted = Pick<Privilege, "privilege" | "name"> & { readonly on: string };

/** Roles whose grants are read at most: one statement each. */
const rolesMax = 30;

/** What a role may do, with the roles it has been granted and PUBLIC; null where it may not be asked. */
export async function grantedTo(session: SnowflakeSession, role: string): Promise<readonly Granted[] | null> {
  const granted: Granted[] = [];
  const open = [role, "PUBLIC"];
  const seen = new Set<string>();
  while (open.length > 0 && seen.size < rolesMax) {
    const next = open.pop()!;
    if (seen.has(next)) continue;
    seen.add(next);
    const found = await grantsOf(session, next);
    if (found === null && next === role) return null;
    granted.push(...(found ?? []));
    open.push(...(found ?? []).filter(({ on, privilege }) => on === "ROLE" && privilege === "USAGE").map(({ name }) => name[0]!));
  }
  return granted;
}

async function grantsOf(session: SnowflakeSession, role: string): Promise<readonly Granted[] | null> {
  try {
    const { columns, rows } = await session.execute(`SHOW GRANTS TO ROLE ${quotedName(role)}`);
    const at = (name: string): number => columns.findIndex((column) => column.toLowerCase() === name);
    const [privilege, on, name] = ["privilege", "granted_on", "name"].map(at);
    return rows.map((row) => ({
      privilege: row[privilege!] ?? "",
      on: (row[on!] ?? "").replaceAll("_", " "),
      name: nameParts(row[name!] ?? ""),
    }));
  } catch (error) {
    if (error instanceof StatementRefused) return null;
    throw error;
  }
}

/** Those of the needed privileges that are not among the granted. Who owns an object may do everything with it. */
export function missingOf(needed: readonly Privilege[], granted: readonly Granted[]): readonly Privilege[] {
  return needed.filter(
    (privilege) =>
      !granted.some(
        ({ on, ...one }) =>
          on === privilege.on &&
          (isSame({ ...one, on: privilege.on }, privilege) ||
            isSame({ ...one, on: privilege.on }, { ...privilege, privilege: "OWNERSHIP" })),
      ),
  );
}
