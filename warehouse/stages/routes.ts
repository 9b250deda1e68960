import type { Account } from "../account.ts";
import type { Route } from "../http/route.ts";
import { azureRoutes } from "./azure-routes.ts";
import { gcsRoutes } from "./gcs-routes.ts";

/** The storage that stages' files are sent to and fetched from: a bucket of Google's and a container of Azure's, as far as Snowflake's drivers use them. */
export function routes(account: Account): readonly Route[] {
  return [...gcsRoutes(account), ...azureRoutes(account)];
}
