import type { ObjectName } from "./object-name.ts";
import type { SnowflakeType } from "./snowflake-type.ts";

/** A column as Snowflake's catalog knows it. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: SnowflakeType;
  readonly nullable: boolean;
  /** SQL text of its default; null where it has none. */
  readonly defaultSql: string | null;
  readonly comment?: string;
  readonly primaryKey?: true;
}

/** A table as Snowflake's catalog knows it. */
export interface TableDefinition {
  readonly name: ObjectName;
  /** Never given again: a table that was made anew has another one. */
  readonly id: number;
  readonly kind: "permanent" | "transient" | "temporary";
  readonly columns: readonly ColumnDefinition[];
  /** ENABLE_SCHEMA_EVOLUTION */
  readonly schemaEvolution: boolean;
  /** ERROR_LOGGING */
  readonly errorLogging: boolean;
  /** The role that made it. */
  readonly owner: string;
  readonly createdOnMs: number;
  readonly comment?: string;
}
