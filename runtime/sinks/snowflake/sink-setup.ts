import type { SnowflakeSink } from "../../../crds/connectors/snowflake.ts";
import type { SnowflakeAccount } from "../../snowflake/account.ts";
import type { QueryTag } from "../../snowflake/query-tag.ts";
import type { ComponentContext } from "../../component/context.ts";
import type { SinkNames } from "./sink-names.ts";

/** What every way of loading starts from. */
export interface SinkSetup {
  readonly spec: SnowflakeSink;
  readonly context: ComponentContext;
  readonly account: SnowflakeAccount;
  readonly names: SinkNames;
  /** Unique to this sink instance: who holds a split in the positions table, and the folder of its staged files. */
  readonly owner: string;
  readonly tag: QueryTag;
}
