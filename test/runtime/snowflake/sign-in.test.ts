import { createPublicKey, generateKeyPairSync, type KeyObject, verify } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SnowflakeConnection } from "../../../crds/connectors/snowflake.ts";
import type { ComponentContext } from "../../../runtime/component/context.ts";
import { NotConnected, Terminal } from "../../../runtime/component/errors.ts";
import { signIn } from "../../../runtime/snowflake/sign-in.ts";
import { sinkContext } from "../sinks/sink-context.ts";

const nowMs = Date.UTC(2026, 0, 1);
const secrets = new Map<string, string>();
let directory: string;
let context: ComponentContext;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "snowline-sign-in-"));
  context = { ...sinkContext(directory), secret: async ({ key }) => secrets.get(key)!, now: () => nowMs };
});
afterEach(async () => {
  secrets.clear();
  await rm(directory, { recursive: true });
});

const privateKeyFrom = { secret: "snowflake", key: "key" };
const passphraseFrom = { secret: "snowflake", key: "passphrase" };
const by = (auth: SnowflakeConnection["auth"]) =>
  signIn({ url: "http://localhost:1", user: "loader", auth }, "MYORG-MYACCOUNT", context);
const rsa = (): KeyObject => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const pem = (key: KeyObject, passphrase?: string): string =>
  key.export({
    format: "pem",
    type: "pkcs8",
    ...(passphrase === undefined ? {} : { cipher: "aes-256-cbc", passphrase }),
  }) as string;

function claims(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as Record<string, unknown>;
}
function isSignedBy(token: string, key: KeyObject): boolean {
  const [head, body, signature] = token.split(".") as [string, string, string];
  return verify("RSA-SHA256", Buffer.from(`${head}.${body}`), createPublicKey(key), Buffer.from(signature, "base64url"));
}

describe("a key pair", () => {
  test("makes a token that names account, user and key, for some minutes", async () => {
    const key = rsa();
    secrets.set("key", pem(key));
    const { token, type } = await by({ keyPair: { privateKeyFrom } }).bearer();
    expect(type).toBe("KEYPAIR_JWT");
    expect(isSignedBy(token, key)).toBe(true);
    expect(claims(token)).toMatchObject({ sub: "MYORG-MYACCOUNT.LOADER", iat: nowMs / 1000, exp: nowMs / 1000 + 600 });
    expect(claims(token)["iss"]).toMatch(/^MYORG-MYACCOUNT\.LOADER\.SHA256:[A-Za-z0-9+/]{43}=$/);
  });

  test("that is encrypted is opened with its passphrase, and the driver gets it open", async () => {
    const key = rsa();
    secrets.set("key", pem(key, "pass phrase"));
    secrets.set("passphrase", "pass phrase\n");
    const { bearer, credentials } = by({ keyPair: { privateKeyFrom, passphraseFrom } });
    expect(isSignedBy((await bearer()).token, key)).toBe(true);
    expect(await credentials()).toEqual({ authenticator: "SNOWFLAKE_JWT", username: "loader", privateKey: pem(key) });
  });

  test("that was rotated is seen by the next sign-in", async () => {
    const [first, second] = [rsa(), rsa()];
    const signedIn = by({ keyPair: { privateKeyFrom } });
    secrets.set("key", pem(first));
    expect(isSignedBy((await signedIn.bearer()).token, first)).toBe(true);
    secrets.set("key", pem(second));
    expect(isSignedBy((await signedIn.bearer()).token, second)).toBe(true);
    expect(await signedIn.credentials()).toMatchObject({ privateKey: pem(second) });
  });

  test.each([
    ["that is no PEM", () => "not a key", undefined, /no private key in PEM/],
    [
      "that is a public key",
      () => createPublicKey(rsa()).export({ format: "pem", type: "spki" }) as string,
      undefined,
      /no private key in PEM/,
    ],
    ["that was cut off", () => pem(rsa()).slice(0, 400), undefined, /cannot be read/],
    [
      "that is encrypted, without a passphrase",
      () => pem(rsa(), "secret-phrase"),
      undefined,
      /set auth\.keyPair\.passphraseFrom/,
    ],
    [
      "that is encrypted, with another passphrase",
      () => pem(rsa(), "secret-phrase"),
      "other-phrase",
      /passphrase does not open it/,
    ],
    [
      "that is not RSA",
      () => pem(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey),
      undefined,
      /not an RSA key of at least 2048 bits/,
    ],
    ["that is too short", () => pem(generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey), undefined, /2048 bits/],
  ])("%s is refused with what to do, and nothing of it", async (_, key, passphrase, message) => {
    secrets.set("key", key());
    if (passphrase !== undefined) secrets.set("passphrase", passphrase);
    const keyPair = passphrase === undefined ? { privateKeyFrom } : { privateKeyFrom, passphraseFrom };
    const error = await by({ keyPair })
      .credentials()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Terminal);
    expect(error).toMatchObject({ reason: "PrivateKeyUnusable", message: expect.stringMatching(message) });
    expect((error as Error).message).toContain("secret snowflake, key key");
    expect((error as Error).cause).toBe(undefined);
    expect((error as Error).message).not.toMatch(/secret-phrase|other-phrase/);
  });
});

describe("a token", () => {
  test("is read again for each sign-in, without the line end of its file", async () => {
    const signedIn = by({ token: { tokenFrom: { secret: "snowflake", key: "token" } } });
    secrets.set("token", "first\n");
    expect(await signedIn.credentials()).toEqual({
      authenticator: "PROGRAMMATIC_ACCESS_TOKEN",
      username: "loader",
      token: "first",
    });
    secrets.set("token", "second\n");
    expect(await signedIn.bearer()).toEqual({ type: "PROGRAMMATIC_ACCESS_TOKEN", token: "second" });
  });
});

describe("workload identity", () => {
  test("passes the projected token on, and sees the next one", async () => {
    const tokenPath = join(directory, "token");
    const signedIn = by({ workloadIdentity: { tokenPath } });
    // The mode in which some clusters project it; the driver itself refuses such a file.
    await writeFile(tokenPath, "first\n", { mode: 0o444 });
    expect(await signedIn.credentials()).toEqual({
      authenticator: "WORKLOAD_IDENTITY",
      workloadIdentityProvider: "OIDC",
      token: "first",
    });
    await rm(tokenPath);
    await writeFile(tokenPath, "second");
    expect(await signedIn.bearer()).toEqual({ type: "WORKLOAD_IDENTITY", token: "WIF.OIDC.second" });
  });

  test("says which file is missing and what belongs there", async () => {
    await expect(by({ workloadIdentity: { tokenPath: join(directory, "none") } }).credentials()).rejects.toMatchObject({
      reason: "TokenMissing",
      message: expect.stringMatching(/none cannot be read \(ENOENT\): project a service-account token/),
    });
  });
});

describe("OAuth client credentials", () => {
  test("ask the token endpoint once while the token lives, and say what is wrong without the secret", async () => {
    const bodies: string[] = [];
    let status = 200;
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      bodies.push(`${request.headers.authorization} ${await text(request)}`);
      response.writeHead(status).end(JSON.stringify({ access_token: `token-${bodies.length}`, expires_in: 600 }));
    };
    const server = createServer((request, response) => void answer(request, response)).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      secrets.set("id", "client");
      secrets.set("secret", "s3cret");
      const oauth = {
        tokenUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
        clientIdFrom: { secret: "snowflake", key: "id" },
        clientSecretFrom: { secret: "snowflake", key: "secret" },
        scope: "session:role:LOADER",
      };
      const signedIn = by({ oauth });
      expect(await signedIn.credentials()).toEqual({ authenticator: "OAUTH", username: "loader", token: "token-1" });
      expect(await signedIn.bearer()).toEqual({ type: "OAUTH", token: "token-1" });
      expect(bodies).toEqual([
        `Basic ${Buffer.from("client:s3cret").toString("base64")} grant_type=client_credentials&scope=session%3Arole%3ALOADER`,
      ]);
      status = 401;
      const refused = await by({ oauth })
        .bearer()
        .catch((error: unknown) => error);
      expect(refused).toMatchObject({ reason: "AuthenticationFailed", message: expect.stringMatching(/refused .*\(401\)/) });
      expect(JSON.stringify(refused)).not.toContain("s3cret");
      status = 503;
      await expect(by({ oauth }).bearer()).rejects.toBeInstanceOf(NotConnected);
    } finally {
      server.close();
    }
    await expect(
      by({
        oauth: {
          tokenUrl: "http://127.0.0.1:1/token",
          clientIdFrom: { secret: "snowflake", key: "id" },
          clientSecretFrom: { secret: "snowflake", key: "secret" },
        },
      }).bearer(),
    ).rejects.toBeInstanceOf(NotConnected);
  });
});
