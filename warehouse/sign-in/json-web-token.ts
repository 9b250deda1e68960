import { type KeyObject, verify } from "node:crypto";

/** Claims of a token that was read; nothing is known of its signature. */
export interface JsonWebToken {
  readonly keyId: string | null;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Whether this key signed it with RS256. */
  isSignedBy(key: KeyObject): boolean;
}

/** Longest token that is looked at, in characters: a few claims and a signature. */
const charactersMax = 32_768;

/** Reads a JSON web token in compact form; null where it is none, or is not signed with RS256. */
export function readJsonWebToken(text: string): JsonWebToken | null {
  const [header, payload, signature, more] = text.length > charactersMax ? [] : text.split(".");
  if (header === undefined || payload === undefined || signature === undefined || more !== undefined) return null;
  const head = json(header);
  const claims = json(payload);
  if (head === null || claims === null || head["alg"] !== "RS256") return null;
  const signed = Buffer.from(`${header}.${payload}`);
  return {
    keyId: typeof head["kid"] === "string" ? head["kid"] : null,
    claims,
    isSignedBy: (key) =>
      key.asymmetricKeyType === "rsa" && verify("RSA-SHA256", signed, key, Buffer.from(signature, "base64url")),
  };
}

/** Differences between two clocks that are forgiven, in milliseconds. */
const skewMs = 60_000;
/** Snowflake's Node driver writes its times in milliseconds: seconds reach this number in the year 5138. */
const secondsMax = 1e11;

/** A claim that is a time, in milliseconds since the epoch; null where there is none. */
export function claimMs(claims: JsonWebToken["claims"], name: string): number | null {
  const value = claims[name];
  if (typeof value !== "number") return null;
  return value > secondsMax ? value : value * 1000;
}

/** Whether a token's times are right: it has an end, that is not past, and it is not for later. */
export function isCurrent({ claims }: JsonWebToken, nowMs: number): boolean {
  const expires = claimMs(claims, "exp");
  const begins = Math.max(claimMs(claims, "nbf") ?? 0, claimMs(claims, "iat") ?? 0);
  return expires !== null && nowMs < expires + skewMs && begins <= nowMs + skewMs;
}

function json(part: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}
