import type { Account } from "../account.ts";
import type { Route, WireRequest, WireResponse } from "../http/route.ts";
import { errorBody } from "../query/query-answer.ts";
import { SnowflakeError } from "../result.ts";
import { signIn } from "../sign-in/sign-in.ts";
import type { SignedIn } from "../sign-in/signed-in.ts";
import { sessionStart } from "./session-start.ts";
import { wireParameters } from "./session-parameters.ts";
import type { SessionTokens } from "./sessions.ts";

interface LoginBody {
  readonly data?: {
    readonly LOGIN_NAME?: string | null;
    readonly PASSWORD?: string | null;
    readonly TOKEN?: string | null;
    readonly AUTHENTICATOR?: string | null;
    readonly PROVIDER?: string | null;
    readonly CLIENT_APP_ID?: string;
    readonly CLIENT_APP_VERSION?: string;
    readonly SESSION_PARAMETERS?: Readonly<Record<string, unknown>> | null;
  };
}

/** Version that CURRENT_VERSION() and the sign-in tell. */
const serverVersion = "9.30.0";
/** What drivers are told about how often to look after the server, in seconds. */
const healthCheckSeconds = 45;

/** Sign in, renew, keep alive, sign out. */
export function sessionRoutes(account: Account): readonly Route[] {
  const answered = (handle: (request: WireRequest) => Promise<object | null>) => {
    return async (request: WireRequest): Promise<WireResponse> => {
      try {
        return { status: 200, body: { data: await handle(request), code: null, message: null, success: true } };
      } catch (error) {
        if (error instanceof SnowflakeError) return { status: 200, body: errorBody(error, null) };
        throw error;
      }
    };
  };
  const session = (request: WireRequest) => account.sessions.authenticate(request.headers.authorization);
  return [
    { method: "POST", path: /^\/session\/v1\/login-request$/, handle: answered((request) => login(account, request)) },
    { method: "POST", path: /^\/session\/token-request$/, handle: answered((request) => renew(account, request)) },
    {
      method: "POST",
      path: /^\/session\/heartbeat(?:\/.*)?$/,
      handle: answered(async (request) => {
        account.sessions.heartbeat(await session(request));
        return null;
      }),
    },
    {
      method: "POST",
      path: /^\/session$/,
      handle: answered(async (request) => {
        if (request.url.searchParams.get("delete") === "true") await account.sessions.end(await session(request), "close");
        return null;
      }),
    },
    // Drivers send it where they were told not to as well; nobody reads it.
    { method: "POST", path: /^\/telemetry\/send(?:\/.*)?$/, handle: answered(async () => null) },
  ];
}

async function login(account: Account, request: WireRequest): Promise<object> {
  const { data = {} } = (await request.json()) as LoginBody;
  const signedIn: SignedIn = await signIn(account, {
    authenticator: data.AUTHENTICATOR ?? "SNOWFLAKE",
    loginName: data.LOGIN_NAME ?? null,
    password: data.PASSWORD ?? "",
    token: data.TOKEN ?? "",
    provider: data.PROVIDER ?? null,
    host: request.url.hostname,
  });
  const start = sessionStart(account, signedIn, {
    role: request.url.searchParams.get("roleName"),
    database: request.url.searchParams.get("databaseName"),
    schema: request.url.searchParams.get("schemaName"),
    warehouse: request.url.searchParams.get("warehouse"),
    parameters: data.SESSION_PARAMETERS ?? {},
    client: `${data.CLIENT_APP_ID ?? "unknown"} ${data.CLIENT_APP_VERSION ?? ""}`.trim(),
  });
  const { session, ...tokens } = await account.sessions.open(start);
  return {
    token: tokens.token,
    masterToken: tokens.masterToken,
    validityInSeconds: tokens.validityMs / 1000,
    masterValidityInSeconds: tokens.masterValidityMs / 1000,
    displayUserName: session.user,
    serverVersion,
    firstLogin: false,
    remMeToken: null,
    remMeValidityInSeconds: 0,
    healthCheckInterval: healthCheckSeconds,
    newClientForUpgrade: null,
    sessionId: session.id,
    parameters: wireParameters(session.parameters),
    sessionInfo: {
      databaseName: session.database,
      schemaName: session.schema,
      warehouseName: session.warehouse,
      roleName: session.role,
    },
    idToken: null,
    idTokenValidityInSeconds: 0,
    responseData: null,
    mfaToken: null,
    mfaTokenValidityInSeconds: 0,
  };
}

async function renew(account: Account, request: WireRequest): Promise<object> {
  const tokens: SessionTokens & { readonly session: { readonly id: number } } = await account.sessions.renew(
    request.headers.authorization,
  );
  return {
    sessionToken: tokens.token,
    validityInSecondsST: tokens.validityMs / 1000,
    masterToken: tokens.masterToken,
    validityInSecondsMT: tokens.masterValidityMs / 1000,
    sessionId: tokens.session.id,
  };
}
