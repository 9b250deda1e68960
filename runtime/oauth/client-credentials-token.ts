import type { SecretReference } from "../../crds/secret-reference.ts";
import type { ComponentContext } from "../component/context.ts";
import { NotConnected, Terminal } from "../component/errors.ts";

/** Where a client asks for its token, and with what. */
export interface ClientCredentials {
  readonly tokenUrl: string;
  readonly clientIdFrom: SecretReference;
  readonly clientSecretFrom: SecretReference;
  /** Space-separated. */
  readonly scope?: string | undefined;
}

/** A token endpoint answers in milliseconds or is down. */
const answerTimeoutMs = 10_000;
/** A token is not used for its last seconds: it has to outlive the sign-in. */
const marginMs = 30_000;
/** Where the endpoint does not say how long a token lives, it is asked each time. */
const defaultLifetimeMs = 0;

/**
 * A function that gives a valid token by OAuth 2.0 client credentials (RFC 6749, 4.4), asking the endpoint only when the
 * last token is about to expire. It reads the client's id and secret anew each time it asks. Throws Terminal where the
 * endpoint refuses us, NotConnected where it cannot be reached; neither says what was sent or answered.
 */
export function clientCredentialsToken(spec: ClientCredentials, context: ComponentContext): () => Promise<string> {
  let known: { token: string; untilMs: number } | null = null;
  return async () => {
    if (known !== null && context.now() < known.untilMs) return known.token;
    const askedMs = context.now();
    const answer = await askForToken(spec, context);
    known = { token: answer.token, untilMs: askedMs + answer.lifetimeMs - marginMs };
    return known.token;
  };
}

async function askForToken(spec: ClientCredentials, context: ComponentContext): Promise<{ token: string; lifetimeMs: number }> {
  const [id, secret] = await Promise.all([context.secret(spec.clientIdFrom), context.secret(spec.clientSecretFrom)]);
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    ...(spec.scope === undefined ? {} : { scope: spec.scope }),
  });
  const basic = Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString("base64");
  const response = await fetch(spec.tokenUrl, {
    method: "POST",
    headers: { authorization: `Basic ${basic}`, "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
    body,
    signal: AbortSignal.timeout(answerTimeoutMs),
  }).catch(() => {
    throw new NotConnected(`token endpoint ${spec.tokenUrl}: no answer. Check the URL and that it can be reached from here`);
  });
  if (response.status >= 500 || response.status === 429)
    throw new NotConnected(`token endpoint ${spec.tokenUrl}: it answered ${response.status}`);
  if (response.status === 404)
    throw new Terminal("AuthenticationFailed", `token endpoint ${spec.tokenUrl}: it is not there (404). Check tokenUrl`);
  if (!response.ok) {
    throw new Terminal(
      "AuthenticationFailed",
      `token endpoint ${spec.tokenUrl}: it refused the client credentials (${response.status}). Check clientIdFrom, clientSecretFrom and scope`,
    );
  }
  const answer: unknown = await response.json().catch(() => null);
  const { access_token: token, expires_in: seconds } = (answer ?? {}) as Record<string, unknown>;
  if (typeof token !== "string")
    throw new Terminal("AuthenticationFailed", `token endpoint ${spec.tokenUrl}: its answer has no access_token. Check the URL`);
  return { token, lifetimeMs: typeof seconds === "number" ? seconds * 1000 : defaultLifetimeMs };
}
