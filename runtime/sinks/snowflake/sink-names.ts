import { createHash } from "node:crypto";
import type { SnowflakeSink } from "../../../crds/connectors/snowflake.ts";
import { identifier, nameCharactersMax, quotedName } from "../../snowflake/identifiers.ts";

/** The whole name of a schema's object: `sql` is how statements say it, the rest is as Snowflake stores it. */
export interface WholeName {
  readonly database: string;
  readonly schema: string;
  readonly name: string;
  readonly sql: string;
}

/** Names of what a pipeline uses in the account. */
export interface SinkNames {
  readonly table: WholeName;
  /** Where the positions are; one table for each pipeline, because an UPDATE locks its table. */
  readonly positions: WholeName;
  /** The internal stage for the pipeline's files. */
  readonly stage: WholeName;
  /** The pipe that load.snowpipe makes where the manifest names none. */
  readonly pipe: WholeName;
  /** Begins the name of each of the pipeline's transactions, as SHOW TRANSACTIONS lists it. An identifier without quotes. */
  readonly transaction: string;
}

/** Leaves room for what is put before and after it in a name. */
const suffixCharactersMax = nameCharactersMax - 55;
const hashCharacters = 32;

/** Puts a whole name together from names as Snowflake stores them. */
export function wholeName(database: string, schema: string, name: string): WholeName {
  return { database, schema, name, sql: [database, schema, name].map(quotedName).join(".") };
}

/**
 * Names for a pipeline. `$` parts namespace and name and stands for dots, `_` for dashes: two pipelines never share a name,
 * because Kubernetes names have neither, are in lower case, and a namespace has no dot. One that is too long is cut and gets its
 * hash after `$$`, which no other has, as no label of a Kubernetes name is empty.
 */
export function sinkNames(spec: SnowflakeSink, pipeline: { readonly namespace: string; readonly name: string }): SinkNames {
  const database = identifier(spec.database);
  const schema = identifier(spec.schema);
  const state = identifier(spec.stateSchema ?? spec.schema);
  const whole = [pipeline.namespace, pipeline.name]
    .map((text) => text.replaceAll("-", "_").replaceAll(".", "$").toUpperCase())
    .join("$");
  const suffix =
    whole.length <= suffixCharactersMax
      ? whole
      : `${whole.slice(0, suffixCharactersMax - hashCharacters - 2)}$$${createHash("sha256").update(whole).digest("hex").slice(0, hashCharacters).toUpperCase()}`;
  const own = (what: string): WholeName => wholeName(database, state, `SNOWLINE_${what}_${suffix}`);
  return {
    table: wholeName(database, schema, identifier(spec.table)),
    positions: own("POSITIONS"),
    stage: own("STAGE"),
    pipe: own("PIPE"),
    transaction: `SNOWLINE_WRITE_${suffix}`,
  };
}

/** DDL that makes the internal stage; it may run twice. */
export const createStageText = ({ sql }: WholeName): string => `CREATE STAGE IF NOT EXISTS ${sql}`;
