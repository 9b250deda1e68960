import type { ConnectionOptions } from "snowflake-sdk";
import { openTestAccount } from "../snowflake/open-test-account.ts";
import type { Store } from "../../warehouse/engine/store.ts";

/** Our own server with an empty schema: in the bench's process, so that its work is not the contestant's. */
export interface SnowflakePlace extends AsyncDisposable {
  readonly url: string;
  readonly user: string;
  readonly database: string;
  readonly schema: string;
  readonly secretsDirectory: string;
  /** For snowflake-sdk. */
  readonly driverOptions: ConnectionOptions;
  /** What is below the server, and the name of the table ORDERS there. */
  readonly store: Store;
  readonly duckdbTable: string;
  usage(): { readonly statements: number; readonly secondsBilled: number };
}

const warehouse = "COMPUTE_WH";
/** Of a server that lives for one run and listens on loopback. */
const password = "bench";
const user = "BENCH";

/** Opens it. Throws where the environment names a real account: there other things would be measured. */
export async function openSnowflakePlace(): Promise<SnowflakePlace> {
  const account = await openTestAccount({ users: { [user]: { PASSWORD: password } } });
  const { server, spec, database, schema, secretsDirectory } = account;
  if (server === null) throw new Error("bench: unset SNOWFLAKE_ACCOUNT: it measures with a server of its own");
  return {
    url: server.url,
    user: spec.user ?? "",
    database,
    schema,
    secretsDirectory,
    driverOptions: {
      account: server.account.name,
      accessUrl: server.url,
      username: user,
      password,
      warehouse,
      database,
      schema,
    },
    store: server.account.store,
    duckdbTable: `"${database}.${schema}"."ORDERS"`,
    usage: () => server.account.meter.list().find(({ definition }) => definition.name === warehouse)!,
    [Symbol.asyncDispose]: () => account[Symbol.asyncDispose](),
  };
}

/** The Connection `warehouse`. */
export function connectionManifest({ url, user }: SnowflakePlace): string {
  return `apiVersion: snowline.dev/v1alpha1
kind: Connection
metadata: { name: warehouse }
spec:
  snowflake:
    url: ${url}
    user: ${user}
    role: ACCOUNTADMIN
    warehouse: ${warehouse}
    auth: { keyPair: { privateKeyFrom: { secret: snowflake, key: private-key.pem } } }
`;
}
