import type { Catalog } from "./engine/catalog.ts";
import type { Store } from "./engine/store.ts";
import type { Transactions } from "./engine/transactions.ts";
import type { Faults } from "./faults.ts";
import type { QueryHistory } from "./history/query-history.ts";
import type { CopyHistory } from "./copy/copy-history.ts";
import type { Stages } from "./stages/stages.ts";
import type { Pipes } from "./pipes/pipes.ts";
import type { Channels } from "./streaming/channels.ts";
import type { WarehouseMeter } from "./meter/warehouse-meter.ts";
import type { Integrations } from "./sign-in/integrations.ts";
import type { IssuerKeys } from "./sign-in/issuer-keys.ts";
import type { Users } from "./sign-in/users.ts";
import type { Queries } from "./query/queries.ts";
import type { Sessions } from "./sessions/sessions.ts";

/** One Snowflake account: everything that statements and endpoints share. Each part is its room's class. */
export interface Account {
  /** `MYORG-MYACCOUNT`. */
  readonly name: string;
  /** Milliseconds since the epoch; tests move it. */
  now(): number;
  /** Likewise, but never moved: what others have signed with their own clock is judged by it. */
  realNow(): number;
  readonly store: Store;
  readonly catalog: Catalog;
  readonly transactions: Transactions;
  readonly users: Users;
  readonly integrations: Integrations;
  readonly issuerKeys: IssuerKeys;
  readonly sessions: Sessions;
  readonly queries: Queries;
  readonly stages: Stages;
  readonly copyHistory: CopyHistory;
  readonly queryHistory: QueryHistory;
  readonly pipes: Pipes;
  readonly channels: Channels;
  readonly meter: WarehouseMeter;
  readonly faults: Faults;
}
