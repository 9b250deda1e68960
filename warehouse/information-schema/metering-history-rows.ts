import type { QueryScope } from "../sql/query-scope.ts";
import { columns, type Listing } from "./listing.ts";

const hourMs = 3_600_000;

/** WAREHOUSE_METERING_HISTORY: credits by warehouse and hour, here without its delay. */
export function meteringHistory({ account }: QueryScope): Listing {
  return {
    columns: columns("START_TIME END_TIME WAREHOUSE_NAME CREDITS_USED CREDITS_USED_COMPUTE CREDITS_USED_CLOUD_SERVICES", {
      START_TIME: "time",
      END_TIME: "time",
      CREDITS_USED: "real",
      CREDITS_USED_COMPUTE: "real",
      CREDITS_USED_CLOUD_SERVICES: "real",
    }),
    // Cloud services are not metered here.
    rows: account.meter
      .meteredHours()
      .map(({ warehouse, hourMs: startMs, credits }) => [startMs, startMs + hourMs, warehouse, credits, credits, 0]),
  };
}
