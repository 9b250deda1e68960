/** What goes wrong. Each room looks for the kinds that are its own. */
export type FaultAction =
  /** The connection ends before the request had any effect, or after it took effect: the client cannot tell which. */
  | { readonly kind: "dropBefore" }
  | { readonly kind: "dropAfter" }
  /** The request is answered with this HTTP status and has no effect. */
  | { readonly kind: "answer"; readonly status: 408 | 429 | 500 | 502 | 503 | 504 }
  /** The request waits before it takes effect, or its answer waits after it did. */
  | { readonly kind: "delayBefore"; readonly ms: number }
  | { readonly kind: "delayAfter"; readonly ms: number }
  /** The session is ended (390111) before the statement runs; its transaction stays open until it is aborted or idle too long. */
  | { readonly kind: "sessionGone" }
  /** The session's token has expired (390112) before the statement runs: the client is to renew it. */
  | { readonly kind: "tokenExpired" }
  /** A stage has no room for the file: HTTP 507. */
  | { readonly kind: "diskFull" }
  /** Streaming: the append is refused with STALE_CONTINUATION_TOKEN_SEQUENCER, with 429, or the channel is made invalid. */
  | { readonly kind: "staleContinuationToken" }
  | { readonly kind: "throttle" }
  | { readonly kind: "channelInvalidated" }
  /** Streaming: rows of this append are committed this much later. */
  | { readonly kind: "delayedCommit"; readonly ms: number }
  /** Streaming: rows of this append are never committed: the channel has to be reopened. */
  | { readonly kind: "lostCommit" }
  /** Streaming: so many rows of this append are rejected though they fit. */
  | { readonly kind: "rejectedRows"; readonly rows: number };
/** The kinds of faults. */
export type FaultKind = FaultAction["kind"];

/** When something goes wrong. */
export interface FaultRule {
  readonly action: FaultAction;
  /** Regular expression over the request's method and path, such as `POST /session`; absent: any. */
  readonly path?: string;
  /** Regular expression (case does not matter) over the statement's text; a rule with it is for statements only. */
  readonly sql?: string;
  /** Passes over so many matches first. Default 0. */
  readonly skip?: number;
  /** Strikes at most so often. Default 1; null: always. */
  readonly count?: number | null;
  /** Strikes with this probability, 0 to 1, drawn from `seed`. Default 1. */
  readonly probability?: number;
  readonly seed?: number;
}

/** What a rule is compared with. */
export interface FaultPlace {
  /** Method and path: `POST /queries/v1/query-request`. */
  readonly path: string;
  /** The statement's text where it is known: then only rules with `sql` are meant, elsewhere only those without. */
  readonly sql?: string;
}

interface Armed {
  readonly rule: FaultRule;
  readonly path: RegExp | null;
  readonly sql: RegExp | null;
  skip: number;
  left: number;
  /** State of the random numbers: 32 bits. */
  random: number;
  struck: number;
}

/** Faults on command, so that a test can see what a client does when something goes wrong at just that moment. */
export class Faults {
  readonly #rules: Armed[] = [];

  /** Adds a rule behind those that are there. Throws SyntaxError where an expression is none. */
  add(rule: FaultRule): void {
    this.#rules.push({
      rule,
      path: rule.path === undefined ? null : new RegExp(rule.path),
      sql: rule.sql === undefined ? null : new RegExp(rule.sql, "i"),
      skip: rule.skip ?? 0,
      left: rule.count === null ? Number.POSITIVE_INFINITY : (rule.count ?? 1),
      random: (rule.seed ?? 1) >>> 0,
      struck: 0,
    });
  }

  /** Takes all rules away. */
  clear(): void {
    this.#rules.length = 0;
  }

  /** The rules with how often each has struck. */
  list(): readonly { readonly rule: FaultRule; readonly struck: number }[] {
    return this.#rules.map(({ rule, struck }) => ({ rule, struck }));
  }

  /** The first fault of these kinds that strikes here, and counts it as struck; null where none does. */
  take<K extends FaultKind>(kinds: readonly K[], place: FaultPlace): Extract<FaultAction, { readonly kind: K }> | null {
    for (const armed of this.#rules) {
      if (!(kinds as readonly FaultKind[]).includes(armed.rule.action.kind) || !matches(armed, place)) continue;
      if (armed.skip > 0) {
        armed.skip--;
        continue;
      }
      if (armed.left === 0 || nextRandom(armed) >= (armed.rule.probability ?? 1)) continue;
      armed.left--;
      armed.struck++;
      return armed.rule.action as Extract<FaultAction, { readonly kind: K }>;
    }
    return null;
  }
}

function matches({ path, sql }: Armed, place: FaultPlace): boolean {
  if (path !== null && !path.test(place.path)) return false;
  return place.sql === undefined ? sql === null : sql !== null && sql.test(place.sql);
}

/** Mulberry32: the same seed strikes the same matches. */
function nextRandom(armed: Armed): number {
  armed.random = (armed.random + 0x6d2b79f5) >>> 0;
  let mixed = armed.random;
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
