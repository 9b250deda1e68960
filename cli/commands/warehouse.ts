import { mkdir, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { pino } from "pino";
import { type RunningWarehouse, startWarehouse } from "../../warehouse/start-warehouse.ts";
import { CommandError, exitCode, type ExitCode, type Shell } from "../shell.ts";

/** Options of `snowline warehouse`. */
export interface WarehouseCommandOptions {
  readonly port: number;
  readonly host: string;
  readonly data?: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly secrets: string;
  readonly faults?: boolean;
  readonly logLevel: string;
}

/** What the server calls its account: clients want a name, and it is not one of Snowflake's. */
const accountName = "SNOWLINE-LAPTOP";
/** Secret and key of the token that the printed Connection signs in with; the token's own name is the secret's. */
const secret = "warehouse";
const key = "token";
/** For as long as this server may run at a stretch: a new token is made at each start. */
const tokenDays = 365;

/** Serves a test warehouse until it is interrupted. */
export async function warehouse(options: WarehouseCommandOptions, shell: Shell): Promise<ExitCode> {
  const log = pino({ level: options.logLevel }, { write: (line: string) => void shell.stderr.write(line) });
  const user = options.user.toUpperCase();
  const running = await startWarehouse({
    host: options.host,
    port: options.port,
    dataDirectory: options.data === undefined ? null : resolve(shell.directory, options.data),
    accountName,
    users: { [user]: { PASSWORD: options.password } },
    databases: [options.database.toUpperCase()],
    now: () => shell.now(),
    faults: options.faults === true,
    log,
  }).catch((error: unknown) => {
    throw new CommandError(`warehouse: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  });
  try {
    const tokenPath = await saveToken(running, user, resolve(shell.directory, options.secrets));
    shell.stdout.write(connectionManifest(running.url, options));
    shell.stderr.write(welcome(running.url, relative(shell.directory, tokenPath), options));
    const interrupted = Promise.withResolvers<void>();
    using _signals = shell.onSignal(() => interrupted.resolve());
    await interrupted.promise;
  } finally {
    await running.stop();
  }
  shell.stderr.write("stopped\n");
  return exitCode.ok;
}

/** Gives the user a new programmatic access token and puts it where `snowline run` looks for secrets. */
async function saveToken({ account }: RunningWarehouse, user: string, secrets: string): Promise<string> {
  const name = secret.toUpperCase();
  if (account.users.get(user)?.accessTokens.some((token) => token.name === name) === true)
    account.users.removeAccessToken(user, name);
  const token = account.users.addAccessToken(user, name, { days: tokenDays });
  const path = join(secrets, secret, key);
  await mkdir(join(secrets, secret), { recursive: true });
  await writeFile(path, token, { mode: 0o600 });
  return path;
}

/** What a pipeline needs to sign in; the token is where `snowline run` looks for it. */
function connectionManifest(url: string, { user }: WarehouseCommandOptions): string {
  return `apiVersion: snowline.dev/v1alpha1
kind: Connection
metadata: { name: ${secret} }
spec:
  snowflake:
    url: ${url}
    user: ${user.toUpperCase()}
    warehouse: COMPUTE_WH
    auth: { token: { tokenFrom: { secret: ${secret}, key: ${key} } } }
`;
}

function welcome(url: string, tokenPath: string, { user, data, database }: WarehouseCommandOptions): string {
  const kept = data === undefined ? "in memory: it is gone when this ends" : `in ${data}`;
  return `
This is not Snowflake: it is a test warehouse over DuckDB that speaks Snowflake's protocol, for trying pipelines and SQL.
It has no security worth the name. Its data is ${kept}.

Above is the Connection for your pipelines; its token is in ${tokenPath}. In the Pipeline:
  sink: { snowflake: { connection: ${secret}, database: ${database.toUpperCase()}, table: ... } }
Then: snowline run pipeline.yaml connection.yaml
Snowflake's own drivers connect as well: protocol http, any account name, user ${user.toUpperCase()} and its password.

listening on ${url}; Ctrl-C ends it
`;
}
