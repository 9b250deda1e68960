import type { SnowflakeConnection } from "../../crds/connectors/snowflake.ts";
import type { ComponentContext } from "../component/context.ts";
import { identifier } from "./identifiers.ts";
import type { QueryTag } from "./query-tag.ts";
import { openSession, type SnowflakeSession } from "./session.ts";
import { type Bearer, signIn } from "./sign-in.ts";

/** Bounds of a session's statements. */
export interface SessionBounds {
  /** How long a statement waits for another transaction's lock. */
  readonly lockTimeoutMs: number;
  /** No statement runs longer. */
  readonly longestStatementMs: number;
}

/** Enough for statements about names; loading takes longer. */
const usualBounds: SessionBounds = { lockTimeoutMs: 20_000, longestStatementMs: 180_000 };

/** An account as a Connection names it. It keeps no session. Credentials are read again for each session and each bearer. */
export interface SnowflakeAccount {
  /** Address without a path or a slash at its end: `https://myorg-myaccount.snowflakecomputing.com`. */
  readonly url: string;
  /** Signs in with the credentials as they are now. Throws NotConnected, or Terminal where the account refuses them. */
  openSession(tag: QueryTag, bounds?: SessionBounds): Promise<SnowflakeSession>;
  /** What a REST call puts into its Authorization header. Valid for some minutes at least. */
  bearer(): Promise<Bearer>;
}

/** The account of a Connection. Does nothing yet. */
export function snowflakeAccount(spec: SnowflakeConnection, context: ComponentContext): SnowflakeAccount {
  const url = accountUrl(spec);
  const account = accountName(spec);
  const signedIn = signIn(spec, account, context);
  return {
    url,
    openSession: async (tag, bounds = usualBounds) =>
      openSession({
        url,
        account,
        credentials: await signedIn.credentials(),
        role: spec.role === undefined ? null : identifier(spec.role),
        warehouse: spec.warehouse === undefined ? null : identifier(spec.warehouse),
        tag,
        ...bounds,
      }),
    bearer: () => signedIn.bearer(),
  };
}

function accountUrl({ account, url }: SnowflakeConnection): string {
  return url === undefined
    ? `https://${account!.replaceAll("_", "-").toLowerCase()}.snowflakecomputing.com`
    : new URL(url).origin;
}

/** As Snowflake wants it in a token's issuer: upper case, without the region that older identifiers have after a dot. */
function accountName({ account, url }: SnowflakeConnection): string {
  return (account ?? new URL(url!).hostname).split(".", 1)[0]!.toUpperCase();
}
