import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { SnowflakeConnection } from "../../../crds/connectors/snowflake.ts";
import { snowflakeAccount } from "../../../runtime/snowflake/account.ts";
import { openTestAccount, type TestAccount } from "../../snowflake/open-test-account.ts";

/** Users are made and altered, which only our server is asked to do. */
const ours = process.env["SNOWFLAKE_ACCOUNT"] === undefined;
const tag = { namespace: "shop", pipeline: "orders", run: "run" };
let account: TestAccount;
beforeAll(async () => {
  account = await openTestAccount();
});
afterAll(() => account[Symbol.asyncDispose]());
afterEach(() => vi.unstubAllEnvs());

const secret = async (key: string, text: string): Promise<{ secret: string; key: string }> => {
  await mkdir(join(account.secretsDirectory, "own"), { recursive: true });
  await writeFile(join(account.secretsDirectory, "own", key), text, { mode: 0o600 });
  return { secret: "own", key };
};
const by = (auth: SnowflakeConnection["auth"], user?: string) => {
  const { url } = account.spec;
  const spec = { auth, ...(url === undefined ? {} : { url }), ...(user === undefined ? {} : { user }) };
  return snowflakeAccount(spec, account.context());
};
const whoami = async (reached: ReturnType<typeof by>): Promise<string | null> => {
  await using session = await reached.openSession(tag);
  return (await session.execute("SELECT CURRENT_USER()")).rows[0]![0]!;
};
const newKey = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
const publicText = (key: KeyObject): string => key.export({ format: "der", type: "spki" }).toString("base64");
const pem = (key: KeyObject, passphrase: string): string =>
  key.export({ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase }) as string;

test("the Connection's own way of signing in opens a session and a bearer", async () => {
  const reached = snowflakeAccount(account.spec, account.context());
  expect(await whoami(reached)).toBe(account.spec.user?.toUpperCase());
  expect((await reached.bearer()).token).toMatch(/./);
});

test.each([
  [{ account: "myorg-my_account" }, "https://myorg-my-account.snowflakecomputing.com"],
  [{ account: "XY12345.eu-west-1" }, "https://xy12345.eu-west-1.snowflakecomputing.com"],
  [{ url: "https://xy12345.privatelink.snowflakecomputing.com/" }, "https://xy12345.privatelink.snowflakecomputing.com"],
  [{ url: "http://127.0.0.1:8086" }, "http://127.0.0.1:8086"],
])("%j is at %s", (place, url) => {
  const auth = { token: { tokenFrom: { secret: "own", key: "token" } } };
  expect(snowflakeAccount({ ...place, user: "U", auth }, account.context()).url).toBe(url);
});

describe.runIf(ours)("signs in", () => {
  test("with an encrypted key pair, and with the next one once it has been rotated, while the old session goes on", async () => {
    const [first, second] = [newKey(), newKey()];
    await account.query(`CREATE USER ROTATING TYPE = SERVICE RSA_PUBLIC_KEY = '${publicText(first.publicKey)}'`);
    const privateKeyFrom = await secret("key", pem(first.privateKey, "phrase"));
    const passphraseFrom = await secret("phrase", "phrase\n");
    const reached = by({ keyPair: { privateKeyFrom, passphraseFrom } }, "rotating");
    await using running = await reached.openSession(tag);
    // As Snowflake's documentation has it: the new key beside the old one, then the Secret, then the old key goes.
    await account.query(`ALTER USER ROTATING SET RSA_PUBLIC_KEY_2 = '${publicText(second.publicKey)}'`);
    await secret("key", pem(second.privateKey, "phrase"));
    await account.query("ALTER USER ROTATING UNSET RSA_PUBLIC_KEY");
    expect(await whoami(reached)).toBe("ROTATING");
    expect((await running.execute("SELECT CURRENT_USER()")).rows).toEqual([["ROTATING"]]);
    await secret("key", pem(first.privateKey, "phrase"));
    await expect(reached.openSession(tag)).rejects.toMatchObject({
      reason: "AuthenticationFailed",
      message: expect.stringMatching(/RSA_PUBLIC_KEY_2/),
    });
  });

  test("with a programmatic access token, and says what to do once it was removed", async () => {
    await account.query("CREATE USER TOKENS TYPE = SERVICE");
    const [made] = await account.query("ALTER USER TOKENS ADD PROGRAMMATIC ACCESS TOKEN T");
    const reached = by({ token: { tokenFrom: await secret("token", `${made!["token_secret"]!}\n`) } }, "TOKENS");
    expect(await whoami(reached)).toBe("TOKENS");
    await account.query("ALTER USER TOKENS REMOVE PROGRAMMATIC ACCESS TOKEN T");
    await expect(reached.openSession(tag)).rejects.toMatchObject({
      reason: "AuthenticationFailed",
      message: expect.stringMatching(/ADD PROGRAMMATIC ACCESS TOKEN/),
    });
  });

  test("with OAuth client credentials", async () => {
    const { issuer } = account.server!;
    issuer.addClient({ id: "app", secret: "app's secret", claims: { sub: "oauth", aud: "here", scp: ["session:role-any"] } });
    await account.query("CREATE USER OAUTH TYPE = SERVICE");
    await account.query(
      `CREATE SECURITY INTEGRATION IDP TYPE = EXTERNAL_OAUTH ENABLED = TRUE EXTERNAL_OAUTH_TYPE = CUSTOM EXTERNAL_OAUTH_ISSUER = '${issuer.url}' EXTERNAL_OAUTH_AUDIENCE_LIST = ('here') EXTERNAL_OAUTH_ANY_ROLE_MODE = 'ENABLE'`,
    );
    const clientIdFrom = await secret("id", "app");
    const clientSecretFrom = await secret("secret", "app's secret");
    expect(await whoami(by({ oauth: { tokenUrl: issuer.tokenUrl, clientIdFrom, clientSecretFrom } }, "OAUTH"))).toBe("OAUTH");
  });

  test("as a workload, by a projected token that is read again each time", async () => {
    const { issuer } = account.server!;
    const subject = "system:serviceaccount:shop:orders";
    await account.query(
      `CREATE USER POD TYPE = SERVICE WORKLOAD_IDENTITY = (TYPE = OIDC ISSUER = '${issuer.url}' SUBJECT = '${subject}')`,
    );
    // The driver sends workload tokens to Snowflake's own hosts and to those that are named here.
    vi.stubEnv("SNOWFLAKE_WIF_ALLOWED_HOST_SUFFIXES", "127.0.0.1");
    const tokenPath = join(account.secretsDirectory, "projected");
    const reached = by({ workloadIdentity: { tokenPath: "projected" } });
    await writeFile(tokenPath, issuer.token({ sub: "somebody else", aud: "snowflakecomputing.com" }));
    await expect(reached.openSession(tag)).rejects.toMatchObject({
      reason: "AuthenticationFailed",
      message: expect.stringMatching(/WORKLOAD_IDENTITY = \(TYPE = OIDC/),
    });
    await writeFile(tokenPath, issuer.token({ sub: subject, aud: "snowflakecomputing.com" }));
    expect(await whoami(reached)).toBe("POD");
  });
});
