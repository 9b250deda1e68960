import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { SnowflakeConnection } from "../../crds/connectors/snowflake.ts";
import type { ComponentContext } from "../component/context.ts";
import { Terminal } from "../component/errors.ts";
import { clientCredentialsToken } from "../oauth/client-credentials-token.ts";

/** A key pair's token for REST calls lives this long (Snowflake takes at most an hour). A new one for each call is fine. */
const tokenLifetimeMs = 10 * 60_000;
/** Snowflake takes no smaller key. */
const keyBitsMin = 2048;

/** Members of the driver's connection options that say who we are. */
export type DriverCredentials =
  | { readonly authenticator: "SNOWFLAKE_JWT"; readonly username: string; readonly privateKey: string }
  | { readonly authenticator: "OAUTH" | "PROGRAMMATIC_ACCESS_TOKEN"; readonly username: string; readonly token: string }
  | { readonly authenticator: "WORKLOAD_IDENTITY"; readonly workloadIdentityProvider: "OIDC"; readonly token: string };

/** A token for REST calls: `Authorization: Bearer <token>`, `X-Snowflake-Authorization-Token-Type: <type>`. */
export interface Bearer {
  readonly token: string;
  readonly type: "KEYPAIR_JWT" | "OAUTH" | "PROGRAMMATIC_ACCESS_TOKEN" | "WORKLOAD_IDENTITY";
}

/** Ways to show who we are. Credentials are read at each call, so that a rotated one is seen; an OAuth token is kept until it expires. */
export interface SignIn {
  /** For the driver. Throws Terminal where a credential is not usable, NotConnected where a token endpoint does not answer. */
  credentials(): Promise<DriverCredentials>;
  /** For REST calls. Throws likewise. */
  bearer(): Promise<Bearer>;
}

/** How the Connection says to sign in. `account` is for a token's issuer: upper case, without a region. */
export function signIn(spec: SnowflakeConnection, account: string, context: ComponentContext): SignIn {
  const { keyPair, oauth, token, workloadIdentity } = spec.auth;
  const username = spec.user ?? "";
  if (keyPair !== undefined) {
    const read = async (): Promise<KeyObject> => {
      const pem = await context.secret(keyPair.privateKeyFrom);
      const passphrase = keyPair.passphraseFrom === undefined ? null : await context.secret(keyPair.passphraseFrom);
      const { secret, key } = keyPair.privateKeyFrom;
      return privateKey(pem, passphrase, `secret ${secret}, key ${key}`);
    };
    return {
      credentials: async () => ({
        authenticator: "SNOWFLAKE_JWT",
        username,
        privateKey: (await read()).export({ format: "pem", type: "pkcs8" }) as string,
      }),
      bearer: async () => ({
        type: "KEYPAIR_JWT",
        token: keyPairToken(await read(), `${account}.${username.toUpperCase()}`, context.now()),
      }),
    };
  }
  if (workloadIdentity !== undefined) {
    const read = (): Promise<string> => projectedToken(context.path(workloadIdentity.tokenPath));
    return {
      credentials: async () => ({
        authenticator: "WORKLOAD_IDENTITY",
        workloadIdentityProvider: "OIDC",
        token: await read(),
      }),
      bearer: async () => ({ type: "WORKLOAD_IDENTITY", token: `WIF.OIDC.${await read()}` }),
    };
  }
  const type = oauth === undefined ? "PROGRAMMATIC_ACCESS_TOKEN" : "OAUTH";
  const read =
    oauth === undefined ? async () => (await context.secret(token.tokenFrom)).trim() : clientCredentialsToken(oauth, context);
  return {
    credentials: async () => ({ authenticator: type, username, token: await read() }),
    bearer: async () => ({ type, token: await read() }),
  };
}

/** Reads a PEM. `place`: where it came from, for the message; nothing of the key or of the parser's words is in that. */
function privateKey(pem: string, passphrase: string | null, place: string): KeyObject {
  const unusable = (what: string): Terminal => new Terminal("PrivateKeyUnusable", `private key (${place}): ${what}`);
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))
    throw unusable(
      "it is no private key in PEM: it has to begin with -----BEGIN PRIVATE KEY----- or -----BEGIN ENCRYPTED PRIVATE KEY-----",
    );
  const encrypted = /ENCRYPTED/.test(pem);
  if (encrypted && passphrase === null) throw unusable("it is encrypted: set auth.keyPair.passphraseFrom");
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, format: "pem", ...(encrypted ? { passphrase: passphrase!.replace(/\r?\n$/, "") } : {}) });
  } catch {
    throw unusable(
      encrypted
        ? "the passphrase does not open it: check passphraseFrom"
        : "its PEM cannot be read: write the file as it was generated, with its line breaks",
    );
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== "rsa" || bits < keyBitsMin)
    throw unusable(`it is not an RSA key of at least ${keyBitsMin} bits: make one with openssl genrsa ${keyBitsMin}`);
  return key;
}

/** RS256 JSON web token as Snowflake's REST services take it. */
function keyPairToken(key: KeyObject, subject: string, nowMs: number): string {
  const publicDer = createPublicKey(key).export({ format: "der", type: "spki" });
  const fingerprint = createHash("sha256").update(publicDer).digest("base64");
  const issuedAt = Math.floor(nowMs / 1000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { iss: `${subject}.SHA256:${fingerprint}`, sub: subject, iat: issuedAt, exp: issuedAt + tokenLifetimeMs / 1000 };
  const text = `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}`;
  return `${text}.${sign("RSA-SHA256", Buffer.from(text), key).toString("base64url")}`;
}

/** The driver could read the file itself, but it refuses files whose owner may not write them, and never reads one again. */
async function projectedToken(path: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Terminal(
      "TokenMissing",
      `workload identity: file ${path} cannot be read (${code ?? "unknown error"}): project a service-account token there, with audience snowflakecomputing.com`,
    );
  }
}
