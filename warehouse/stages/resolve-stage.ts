import type { Account } from "../account.ts";
import type { ObjectName } from "../engine/object-name.ts";
import { quoted } from "../engine/physical-name.ts";
import { SnowflakeError } from "../result.ts";
import type { Session } from "../session.ts";
import { type Stage, type StageLocation, wholeName } from "./stage.ts";

/** Where a stage reference is read: whose session, and what is there. */
export interface StageContext {
  readonly account: Pick<Account, "stages" | "catalog">;
  readonly session: Pick<Session, "id" | "user" | "database" | "schema">;
}

/** The clouds' addresses: scheme, bucket (Azure: account and container), path. */
const address = /^(?<scheme>s3|s3china|s3gov|gcs|azure):\/\/(?<bucket>[^/]+)(?<path>\/.*)?$/i;

/** Finds what `@stage/path`, `@%table/path`, `@~/path` or an address such as `s3://bucket/path` stands for. Throws SnowflakeError. */
export function resolveStage(text: string, context: StageContext): StageLocation {
  if (!text.startsWith("@")) return externalLocation(text, null, "");
  if (text.startsWith("@~")) return userLocation(text.slice(2), context);
  const { parts, path, table } = splitReference(text);
  if (table) return tableLocation(parts, path, context);
  const stage = findStage(parts, context);
  if (stage.url !== null) return externalLocation(stage.url, stage, path);
  const { database, schema, name } = stage.name;
  return {
    kind: "named",
    bucket: `stage.${stage.id}`,
    base: "",
    path,
    label: `${name.toLowerCase()}/`,
    shown: `@${database}.${schema}.${name}/`,
    stage,
  };
}

/** The stage of this name. Throws SnowflakeError 002003 where there is none. */
export function findStage(parts: readonly string[], { account, session }: StageContext): Stage {
  const name = wholeObjectName(parts, session);
  const stage = account.stages.definitions.find(name, session.id);
  if (stage === undefined) throw missing("Stage", parts.length === 3 ? name : name);
  return stage;
}

/** The whole name that `parts` are in this session. Throws SnowflakeError 090105 where the session has no schema. */
export function wholeObjectName(parts: readonly string[], session: Pick<Session, "database" | "schema">): ObjectName {
  const name = wholeName({ parts, database: session.database, schema: session.schema });
  if (name !== null) return name;
  const kind = session.database === null && parts.length < 3 ? "database" : "schema";
  throw new SnowflakeError(
    "090105",
    "22000",
    `Cannot perform operation. This session does not have a current ${kind}. Call 'USE ${kind.toUpperCase()}', or use a qualified name.`,
  );
}

/** The error that says that there is no such object. */
export function missing(kind: string, { database, schema, name }: ObjectName): SnowflakeError {
  const whole = [database, schema, name].map((part) => (/^[A-Z_][A-Z0-9_$]*$/.test(part) ? part : quoted(part))).join(".");
  return new SnowflakeError("002003", "02000", `SQL compilation error:\n${kind} '${whole}' does not exist or not authorized.`);
}

/** The name and the path of `@db.schema."name"/path`. */
function splitReference(text: string): { readonly parts: readonly string[]; readonly path: string; readonly table: boolean } {
  const parts: string[] = [];
  const part = /(?:"(?<quoted>(?:[^"]|"")*)"|(?<plain>%?[A-Za-z_][A-Za-z0-9_$]*)|%"(?<table>(?:[^"]|"")*)")(?<dot>\.?)/y;
  part.lastIndex = 1;
  let table = false;
  for (;;) {
    const at = part.lastIndex;
    const match = part.exec(text);
    if (match === null) throw notAStage(text);
    const { quoted: exact, plain, table: exactTable, dot } = match.groups ?? {};
    table ||= exactTable !== undefined || plain?.startsWith("%") === true;
    parts.push((exact ?? exactTable)?.replaceAll('""', '"') ?? (plain ?? "").replace(/^%/, "").toUpperCase());
    if (dot === "") {
      const rest = text.slice(at + match[0].length);
      if (rest !== "" && !rest.startsWith("/")) throw notAStage(text);
      return { parts, path: trimmed(rest), table };
    }
  }
}

function notAStage(text: string): SnowflakeError {
  return new SnowflakeError("001003", "42000", `SQL compilation error:\nsyntax error: '${text}' is not the name of a stage.`);
}

function userLocation(path: string, { session }: StageContext): StageLocation {
  if (path !== "" && !path.startsWith("/")) throw notAStage(`@~${path}`);
  return {
    kind: "user",
    bucket: `user.${Buffer.from(session.user).toString("hex")}`,
    base: "",
    path: trimmed(path),
    label: "",
    shown: "@~/",
    stage: null,
  };
}

function tableLocation(parts: readonly string[], path: string, { account, session }: StageContext): StageLocation {
  const name = wholeObjectName(parts, session);
  const table = account.catalog.table(name, session.id);
  if (table === null) throw missing("Table", name);
  const shown = `@${name.database}.${name.schema}.%${name.name}/`;
  return { kind: "table", bucket: `table.${table.id}`, base: "", path, label: "", shown, stage: null };
}

function externalLocation(url: string, stage: Stage | null, path: string): StageLocation {
  const found = address.exec(url);
  if (found === null) {
    throw new SnowflakeError("001003", "42000", `SQL compilation error:\ninvalid URL prefix found in: '${url}'`);
  }
  const { scheme = "", bucket = "", path: inBucket = "" } = found.groups ?? {};
  const cloud = scheme.toLowerCase();
  // Azure's container is the first part of the path: another bucket for each.
  const [container = "", ...rest] = cloud === "azure" ? trimmed(inBucket).split("/") : ["", trimmed(inBucket)];
  const home = cloud === "azure" ? `${bucket}/${container}` : bucket;
  const inside = rest.join("/");
  // A stage's address is a folder; an address on its own is a prefix as it is.
  const base = stage === null || inside === "" || inside.endsWith("/") ? inside : `${inside}/`;
  return {
    kind: "external",
    bucket: `${cloud.startsWith("s3") ? "s3" : cloud}.${home.replaceAll("/", ".")}`,
    base: stage === null ? "" : base,
    path: stage === null ? base : path,
    label: `${cloud}://${home}/`,
    shown: stage === null ? `${cloud}://${home}/` : `${cloud}://${home}/${base}`,
    stage,
  };
}

function trimmed(path: string): string {
  return path.replace(/^\/+/, "");
}
