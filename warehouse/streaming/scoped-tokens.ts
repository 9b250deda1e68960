import { randomBytes } from "node:crypto";

/** Tokens for the streaming API alone. */
export class ScopedTokens {
  readonly #now: () => number;
  readonly #tokens = new Map<string, { readonly role: string; readonly expiresMs: number }>();
  /** How long a token is good for; tests change it. */
  validMs = 3_600_000;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A new token that acts as the role. */
  issue(role: string): string {
    for (const [token, { expiresMs }] of this.#tokens) if (expiresMs <= this.#now()) this.#tokens.delete(token);
    const token = randomBytes(32).toString("base64url");
    this.#tokens.set(token, { role, expiresMs: this.#now() + this.validMs });
    return token;
  }

  /** The role that the token acts as; null where it is none, or none any more. */
  roleOf(token: string): string | null {
    const found = this.#tokens.get(token);
    return found === undefined || found.expiresMs <= this.#now() ? null : found.role;
  }
}
