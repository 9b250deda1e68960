import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import type { JsonWebToken } from "./json-web-token.ts";

/** An issuer answers from memory, and somebody waits to sign in. */
const requestTimeoutMs = 5_000;
/** Keys are asked for again at most so often for a key id that is unknown: a rotated key is seen, made-up ids do no harm. */
const refreshMs = 1_000;
/** Issuers whose keys are kept: the account's integrations and workload identities name them. */
const issuersMax = 100;
/** A key set has a handful of keys. */
const keysBytesMax = 1 << 20;

interface Kept {
  readonly atMs: number;
  readonly keys: ReadonlyMap<string, KeyObject>;
}

/** Public keys of token issuers, read from where they publish them, over HTTP. */
export class IssuerKeys {
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether the issuer's key with the token's key id signed it. `keysUrl` absent: OpenID discovery under the issuer says it. */
  async hasSigned(token: JsonWebToken, issuer: string, keysUrl?: string): Promise<boolean> {
    const place = keysUrl ?? issuer;
    let kept = this.#kept.get(place);
    const known = () => (token.keyId === null ? [...(kept?.keys.values() ?? [])] : [kept?.keys.get(token.keyId)]);
    if (kept === undefined || (known()[0] === undefined && Math.abs(this.#now() - kept.atMs) >= refreshMs)) {
      kept = { atMs: this.#now(), keys: await readKeys(issuer, keysUrl) };
      if (this.#kept.size >= issuersMax) this.#kept.delete(this.#kept.keys().next().value!);
      this.#kept.set(place, kept);
    }
    return known().some((key) => key !== undefined && token.isSignedBy(key));
  }
}

/** The keys by id; none where the issuer does not answer: then nobody signs in with its tokens. */
async function readKeys(issuer: string, keysUrl: string | undefined): Promise<ReadonlyMap<string, KeyObject>> {
  try {
    let url = keysUrl;
    if (url === undefined) {
      const discovered = (await readJson(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`)) as {
        readonly issuer?: unknown;
        readonly jwks_uri?: unknown;
      };
      if (discovered.issuer !== issuer) return new Map();
      url = String(discovered.jwks_uri);
    }
    const { keys } = (await readJson(url)) as { readonly keys: readonly (JsonWebKey & { readonly kid?: string })[] };
    return new Map(
      keys.filter(({ kty }) => kty === "RSA").map((key) => [key.kid ?? "", createPublicKey({ key, format: "jwk" })] as const),
    );
  } catch {
    return new Map();
  }
}

async function readJson(url: string): Promise<unknown> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(requestTimeoutMs), redirect: "error" });
  const text = await answer.text();
  if (!answer.ok || text.length > keysBytesMax) throw new Error(`issuer: HTTP ${answer.status} with ${text.length} characters`);
  return JSON.parse(text);
}
