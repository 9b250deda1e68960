import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Logger } from "pino";
import { frontPage } from "./admin/front-page.ts";
import { adminRoutes } from "./admin/routes.ts";
import type { Account } from "./account.ts";
import { Clock } from "./clock.ts";
import { type HttpServer, startHttpServer } from "./http/http-server.ts";
import type { Route } from "./http/route.ts";
import { struck } from "./http/strike.ts";
import { type OpenAccount, openAccount } from "./open-account.ts";
import { pipeRoutes } from "./pipes/routes.ts";
import { queryRoutes } from "./query/routes.ts";
import { sessionRoutes } from "./sessions/routes.ts";
import { Issuer } from "./sign-in/issuer.ts";
import type { PropertyValue } from "./sign-in/user.ts";
import { routes as storageRoutes } from "./stages/routes.ts";
import { streamingRoutes } from "./streaming/routes.ts";

/** What a test warehouse is started with. */
export interface WarehouseOptions {
  /** Address to listen on. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Keeps everything there for the next start; null: in memory, and files of stages in a temporary directory. */
  readonly dataDirectory: string | null;
  /** `MYORG-MYACCOUNT`. */
  readonly accountName: string;
  /** Users that are made where they are not there yet, by upper-case name; each has the role ACCOUNTADMIN. */
  readonly users: Readonly<Record<string, Readonly<Record<string, PropertyValue>>>>;
  /** Databases that are made where they are not there yet, each with a schema PUBLIC; names as stored. */
  readonly databases: readonly string[];
  /** Milliseconds since the epoch. */
  now(): number;
  /** Faults on command, and the other endpoints for tests, which nobody signs in to. */
  readonly faults: boolean;
  readonly log: Logger;
  /** After so long an answer says "in progress". Snowflake: 45 s. */
  readonly longPollMs?: number;
  /** Life of a session's token and its master token. Snowflake: 1 h and 4 h. */
  readonly tokenMs?: number;
  readonly masterTokenMs?: number;
  /** Kind of the storage that PUT and GET are sent to. */
  readonly storage?: "GCS" | "AZURE";
}

/** A test warehouse that listens. */
export interface RunningWarehouse {
  /** `http://127.0.0.1:8086`. */
  readonly url: string;
  readonly account: Account;
  readonly clock: Clock;
  /** Signs tokens that the account trusts, where the server was started with faults. */
  readonly issuer: Issuer;
  /** Ends sessions, connections and the database; what is to be kept is on disk then. */
  stop(): Promise<void>;
}

const defaults = { longPollMs: 45_000, tokenMs: 3_600_000, masterTokenMs: 4 * 3_600_000, storage: "GCS" } as const;

/** The integration by which the account trusts the server's own issuer. */
const issuerIntegration = "SNOWLINE_TEST_ISSUER";

/** Starts a server that speaks Snowflake's protocol over DuckDB. Throws where the port is taken or the data directory is in use. */
export async function startWarehouse(options: WarehouseOptions): Promise<RunningWarehouse> {
  const directory = options.dataDirectory ?? (await mkdtemp(join(tmpdir(), "snowline-warehouse-")));
  const removeScratch = async () => {
    if (options.dataDirectory === null) await rm(directory, { recursive: true, force: true });
  };
  const clock = new Clock(() => options.now());
  let opened: OpenAccount | null = null;
  let server: HttpServer | null = null;
  try {
    opened = await openAccount({
      ...defaults,
      ...options,
      directory,
      now: clock.now,
      realNow: () => options.now(),
    });
    const { account } = opened;
    let routes: readonly Route[] = [];
    server = await startHttpServer(() => routes, {
      ...options,
      around: (request, handle) => struck(account.faults, { path: `${request.method} ${request.url.pathname}` }, handle),
    });
    const { url } = server;
    const issuer = new Issuer(
      () => options.now(),
      () => url,
    );
    if (options.faults) trustIssuer(account, issuer);
    routes = routesOf({ account, clock, issuer }, { ...defaults, ...options });
    return { url, account, clock, issuer, stop: () => stop({ opened, server, removeScratch }) };
  } catch (error) {
    await stop({ opened, server, removeScratch });
    throw error;
  }
}

interface Parts {
  readonly account: Account;
  readonly clock: Clock;
  readonly issuer: Issuer;
}

function routesOf(
  parts: Parts,
  options: { readonly log: Logger; readonly longPollMs: number; readonly faults: boolean },
): readonly Route[] {
  const { account } = parts;
  return [
    ...sessionRoutes(account),
    ...queryRoutes(account, options),
    ...storageRoutes(account),
    ...pipeRoutes(account),
    ...streamingRoutes(account),
    ...(options.faults ? [...parts.issuer.routes(), ...adminRoutes(parts)] : []),
    frontPage(),
  ];
}

function trustIssuer({ integrations }: Account, issuer: Issuer): void {
  const properties: Readonly<Record<string, PropertyValue>> = {
    TYPE: "EXTERNAL_OAUTH",
    EXTERNAL_OAUTH_ISSUER: issuer.url,
    EXTERNAL_OAUTH_ANY_ROLE_MODE: "ENABLE",
  };
  integrations.create(issuerIntegration, new Map(Object.entries(properties)), true);
}

async function stop(parts: {
  readonly opened: OpenAccount | null;
  readonly server: HttpServer | null;
  removeScratch(): Promise<void>;
}): Promise<void> {
  // Sessions first: what they run ends, and its answers can still be sent.
  await parts.opened?.account.sessions.endAll();
  await parts.server?.stop();
  await parts.opened?.close();
  await parts.removeScratch();
}
