import type { Account } from "../account.ts";
import type { Clock } from "../clock.ts";
import type { FaultRule } from "../faults.ts";
import { BadRequest, type Route, type WireRequest, type WireResponse } from "../http/route.ts";
import type { Issuer } from "../sign-in/issuer.ts";

/** What the endpoints for tests command. */
export interface AdminParts {
  readonly account: Account;
  readonly clock: Clock;
  readonly issuer: Issuer;
}

const prefix = "\\/__snowline";
const answer = (body: object): WireResponse => ({ status: 200, body });

/**
 * Endpoints for tests, which no Snowflake has and nobody signs in to: faults, the clock, the meter, tokens of the issuer. They are
 * there only where the server was started with faults.
 */
export function adminRoutes({ account, clock, issuer }: AdminParts): readonly Route[] {
  return [
    route("POST", "faults", async (request) => {
      const rules = await request.json();
      for (const rule of Array.isArray(rules) ? (rules as unknown[]) : [rules]) account.faults.add(rule as FaultRule);
      return answer(account.faults.list());
    }),
    route("GET", "faults", async () => answer(account.faults.list())),
    route("DELETE", "faults", async () => {
      account.faults.clear();
      return answer([]);
    }),
    route("GET", "meter", async () =>
      answer({ nowMs: account.now(), statements: account.queryHistory.list().length, warehouses: account.meter.list() }),
    ),
    route("GET", "queries", async () => answer(account.queryHistory.list())),
    route("POST", "clock", async (request) => {
      const { advanceMs } = (await request.json()) as { readonly advanceMs?: unknown };
      if (typeof advanceMs !== "number") throw new BadRequest(400, "400", "clock: say advanceMs, milliseconds as a number");
      clock.advance(advanceMs);
      return answer({ nowMs: clock.now() });
    }),
    route("POST", "reset", async () => {
      account.faults.clear();
      account.queryHistory.clear();
      account.meter.reset();
      return answer({ nowMs: clock.now() });
    }),
    route("POST", "issuer/token", async (request) =>
      answer({ issuer: issuer.url, token: issuer.token((await request.json()) as Readonly<Record<string, unknown>>) }),
    ),
    route("POST", "issuer/client", async (request) => {
      issuer.addClient((await request.json()) as Parameters<Issuer["addClient"]>[0]);
      return answer({ issuer: issuer.url, tokenUrl: issuer.tokenUrl });
    }),
  ];
}

function route(method: Route["method"], path: string, handle: (request: WireRequest) => Promise<WireResponse>): Route {
  return { method, path: new RegExp(`^${prefix}/${path}$`), handle };
}
