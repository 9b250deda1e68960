import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningWarehouse } from "../../../warehouse/start-warehouse.ts";
import { signedIn, startedWarehouse } from "../started-warehouse.ts";
import { WireClient } from "../wire-client.ts";

describe("SQL for users", () => {
  let server: RunningWarehouse;
  let admin: WireClient;
  beforeAll(async () => {
    server = await startedWarehouse();
    admin = await signedIn(server);
  });
  afterAll(() => server.stop());
  const login = (data: Readonly<Record<string, unknown>>, query: Readonly<Record<string, string>> = {}) =>
    new WireClient(server.url).login(data, query);

  it("makes, changes and drops a user who signs in with a password", async () => {
    await admin.rows("CREATE USER bob PASSWORD = 'first' DEFAULT_ROLE = PUBLIC COMMENT = 'it''s Bob'");
    expect(server.account.users.get("BOB")).toMatchObject({ defaultRole: "PUBLIC", comment: "it's Bob", type: "PERSON" });
    expect(await login({ LOGIN_NAME: "bob", PASSWORD: "first" })).toMatchObject({ success: true });
    expect(await admin.run("CREATE USER bob")).toMatchObject({ success: false, code: "002002" });
    await admin.rows("CREATE USER IF NOT EXISTS bob PASSWORD = 'other'");
    await admin.rows("ALTER USER bob SET PASSWORD = 'second' DISABLED = FALSE");
    expect(await login({ LOGIN_NAME: "bob", PASSWORD: "first" })).toMatchObject({ success: false, code: "390100" });
    expect(await login({ LOGIN_NAME: "bob", PASSWORD: "second" })).toMatchObject({ success: true });
    await admin.rows("ALTER USER bob SET DISABLED = TRUE");
    expect(await login({ LOGIN_NAME: "bob", PASSWORD: "second" })).toMatchObject({ success: false, code: "390101" });
    await admin.rows("DROP USER bob");
    await admin.rows("DROP USER IF EXISTS bob");
    expect(await admin.run("DROP USER bob")).toMatchObject({ success: false, code: "002003" });
  });

  it("reads keys and workload identities as Snowflake writes them", async () => {
    const der = generateKeyPairSync("rsa", { modulusLength: 2048 })
      .publicKey.export({ format: "der", type: "spki" })
      .toString("base64");
    await admin.rows(`CREATE USER svc TYPE = SERVICE RSA_PUBLIC_KEY = '${der}'
      WORKLOAD_IDENTITY = (TYPE = OIDC ISSUER = 'https://issuer.example/id' SUBJECT = 'system:serviceaccount:a:b' OIDC_AUDIENCE_LIST = ('x', 'y'))`);
    expect(server.account.users.get("SVC")).toMatchObject({
      type: "SERVICE",
      rsaPublicKey: der,
      workloadIdentity: { issuer: "https://issuer.example/id", subject: "system:serviceaccount:a:b", audiences: ["x", "y"] },
    });
    await admin.rows(`ALTER USER svc SET RSA_PUBLIC_KEY_2 = '${der}'`);
    await admin.rows("ALTER USER svc UNSET RSA_PUBLIC_KEY, WORKLOAD_IDENTITY");
    expect(server.account.users.get("SVC")).toMatchObject({ rsaPublicKey: null, rsaPublicKey2: der, workloadIdentity: null });
    expect(await admin.run("ALTER USER svc SET RSA_PUBLIC_KEY = 'AAAA'")).toMatchObject({ success: false, code: "390166" });
    expect(await admin.run("ALTER USER svc SET NO_SUCH = 1")).toMatchObject({ success: false, code: "001420" });
    expect(await admin.run("ALTER USER nobody SET COMMENT = 'x'")).toMatchObject({ success: false, code: "002003" });
  });

  it("gives a programmatic access token once, and takes it back", async () => {
    await admin.rows("CREATE USER robot TYPE = SERVICE");
    const [[name, secret]] = (await admin.rows("ALTER USER robot ADD PROGRAMMATIC ACCESS TOKEN laptop DAYS_TO_EXPIRY = 7")) as [
      [string, string],
    ];
    expect(name).toBe("LAPTOP");
    const token = { LOGIN_NAME: "robot", AUTHENTICATOR: "PROGRAMMATIC_ACCESS_TOKEN", TOKEN: secret };
    expect(await login(token)).toMatchObject({ success: true });
    await admin.rows("ALTER USER robot REMOVE PROGRAMMATIC ACCESS TOKEN laptop");
    expect(await login(token)).toMatchObject({ success: false, code: "394400" });
  });

  it("trusts an OAuth issuer by a security integration", async () => {
    await admin.rows("CREATE USER carol");
    await admin.rows("DROP INTEGRATION snowline_test_issuer");
    const oauth = { AUTHENTICATOR: "OAUTH", TOKEN: server.issuer.token({ upn: "carol", scp: ["session:role:public"] }) };
    expect(await login(oauth)).toMatchObject({ success: false, code: "390303" });
    await admin.rows(`CREATE SECURITY INTEGRATION idp TYPE = EXTERNAL_OAUTH ENABLED = TRUE EXTERNAL_OAUTH_TYPE = CUSTOM
      EXTERNAL_OAUTH_ISSUER = '${server.issuer.url}' EXTERNAL_OAUTH_TOKEN_USER_MAPPING_CLAIM = ('upn', 'sub')`);
    expect(await login(oauth)).toMatchObject({ success: true, data: { sessionInfo: { roleName: "PUBLIC" } } });
    expect(await login(oauth, { roleName: "ACCOUNTADMIN" })).toMatchObject({ success: false, code: "390186" });
    const noRole = { AUTHENTICATOR: "OAUTH", TOKEN: server.issuer.token({ upn: "carol" }) };
    expect(await login(noRole)).toMatchObject({ success: false, code: "390317" });
  });

  it("is for those who may: others change themselves alone", async () => {
    await admin.rows("CREATE USER dave PASSWORD = 'x'");
    const dave = new WireClient(server.url);
    await dave.login({ LOGIN_NAME: "dave", PASSWORD: "x" });
    expect(await dave.run("CREATE USER eve")).toMatchObject({ success: false });
    expect(await dave.run("ALTER USER ann SET PASSWORD = 'mine'")).toMatchObject({ success: false });
    expect(await dave.run("ALTER USER SET COMMENT = 'me'")).toMatchObject({ success: true });
    expect(server.account.users.get("DAVE")?.comment).toBe("me");
  });
});
