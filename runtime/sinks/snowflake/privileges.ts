import type { SnowflakeSink } from "../../../crds/connectors/snowflake.ts";
import { identifier } from "../../snowflake/identifiers.ts";
import { nameParts, readableName } from "../../snowflake/readable-name.ts";

/** What a privilege is on. */
export type GrantedOn = "WAREHOUSE" | "DATABASE" | "SCHEMA" | "TABLE" | "STAGE" | "PIPE";

/** A privilege that the role of a pipeline's Connection needs. */
export interface Privilege {
  /** As GRANT names it: `USAGE`, `CREATE TABLE`, `INSERT`. */
  readonly privilege: string;
  readonly on: GrantedOn;
  /** Names as Snowflake stores them, the database first. */
  readonly name: readonly string[];
  /** `existing`: only where the object is there already and another role owns it. What a role makes itself it owns. */
  readonly when: "always" | "existing";
  /** What it is needed for, in a few words. */
  readonly why: string;
}

/**
 * What a pipeline's role needs in its account, and nothing more. `warehouse` is the Connection's as Snowflake stores it; null
 * leaves it to the user's default. Pure.
 */
export function privilegesOf(spec: SnowflakeSink, warehouse: string | null): readonly Privilege[] {
  const wanted = [...placePrivileges(spec, warehouse), ...filePrivileges(spec), ...tablePrivileges(spec)];
  return wanted.filter((one, at) => wanted.findIndex((other) => isSame(one, other)) === at);
}

/** The GRANT that gives it; `role` as Snowflake stores it. */
export function grantText({ privilege, on, name }: Privilege, role: string): string {
  const keeping = privilege === "OWNERSHIP" ? " COPY CURRENT GRANTS" : "";
  return `GRANT ${privilege} ON ${on} ${readableName(...name)} TO ROLE ${readableName(role)}${keeping}`;
}

/** True where both are the same privilege on the same object. */
export function isSame(
  one: Pick<Privilege, "privilege" | "on" | "name">,
  other: Pick<Privilege, "privilege" | "on" | "name">,
): boolean {
  return one.privilege === other.privilege && one.on === other.on && readableName(...one.name) === readableName(...other.name);
}

/** The stage of `load.snowpipe.stage` with what it leaves out: the sink's database, and the schema of Snowline's own objects. */
export function stageParts(stage: string, spec: SnowflakeSink): readonly string[] {
  const parts = nameParts(stage);
  return [...stateParts(spec).slice(0, 3 - parts.length), ...parts];
}

const schemaParts = ({ database, schema }: SnowflakeSink) => [identifier(database), identifier(schema)] as const;
const stateParts = ({ database, schema, stateSchema }: SnowflakeSink) =>
  [identifier(database), identifier(stateSchema ?? schema)] as const;

function always(privilege: string, on: GrantedOn, name: readonly string[], why: string): Privilege {
  return { privilege, on, name, when: "always", why };
}

function placePrivileges(spec: SnowflakeSink, warehouse: string | null): readonly Privilege[] {
  return [
    ...(warehouse === null ? [] : [always("USAGE", "WAREHOUSE", [warehouse], "runs the statements")]),
    always("USAGE", "DATABASE", [identifier(spec.database)], "has the table"),
    always("USAGE", "SCHEMA", schemaParts(spec), "has the table"),
    always("CREATE TABLE", "SCHEMA", schemaParts(spec), "makes the table where it is absent"),
    always("USAGE", "SCHEMA", stateParts(spec), "has the positions"),
    always("CREATE TABLE", "SCHEMA", stateParts(spec), "makes the positions table"),
  ];
}

function filePrivileges(spec: SnowflakeSink): readonly Privilege[] {
  const { snowpipe, streaming } = spec.load;
  const state = stateParts(spec);
  const pipe = (snowpipe ?? streaming)?.pipe;
  const pipeName = [...(snowpipe === undefined ? schemaParts(spec) : state), ...(pipe === undefined ? [] : [identifier(pipe)])];
  return [
    ...(streaming === undefined ? [always("CREATE STAGE", "SCHEMA", state, "makes the stage for files on their way")] : []),
    ...(snowpipe !== undefined && pipe === undefined ? [always("CREATE PIPE", "SCHEMA", state, "makes the pipe")] : []),
    ...(pipe === undefined ? [] : ["OPERATE", "MONITOR"].map((name) => always(name, "PIPE", pipeName, "rows go through it"))),
    ...(snowpipe?.stage === undefined
      ? []
      : [always("USAGE", "STAGE", stageParts(snowpipe.stage, spec), "files are copied into it and the pipe reads it")]),
  ];
}

function tablePrivileges(spec: SnowflakeSink): readonly Privilege[] {
  const name = [...schemaParts(spec), identifier(spec.table)];
  const existing = (privilege: string, why: string): Privilege => ({ privilege, on: "TABLE", name, when: "existing", why });
  const { upsert } = spec.mode;
  return [
    existing("SELECT", "sees its columns and rows"),
    existing("INSERT", "adds rows"),
    ...(upsert === undefined ? [] : [existing("UPDATE", "replaces rows")]),
    ...(upsert?.deleteWhen === undefined ? [] : [existing("DELETE", "removes rows")]),
    ...(spec.load.streaming?.onRejectedRows === "deadLetter"
      ? [existing("SELECT ERROR TABLE", "reads the rows that were rejected")]
      : []),
    ...(spec.schemaEvolution === "none"
      ? []
      : [existing("OWNERSHIP", `alters it, as schemaEvolution is ${spec.schemaEvolution}`)]),
  ];
}
