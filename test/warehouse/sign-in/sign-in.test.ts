import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type HttpServer, startHttpServer } from "../../../warehouse/http/http-server.ts";
import { savedState } from "../../../warehouse/saved-state.ts";
import { Integrations } from "../../../warehouse/sign-in/integrations.ts";
import { IssuerKeys } from "../../../warehouse/sign-in/issuer-keys.ts";
import { Issuer } from "../../../warehouse/sign-in/issuer.ts";
import type { Credential } from "../../../warehouse/sign-in/credential.ts";
import { signIn, signInByBearer } from "../../../warehouse/sign-in/sign-in.ts";
import type { SignInAccount } from "../../../warehouse/sign-in/signed-in.ts";
import type { PropertyValue } from "../../../warehouse/sign-in/user.ts";
import { Users } from "../../../warehouse/sign-in/users.ts";

const keyPair = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
const derOf = (key: KeyObject) => key.export({ format: "der", type: "spki" });
const properties = (values: Readonly<Record<string, PropertyValue>>) => new Map(Object.entries(values));

describe("signing in", () => {
  let now = 1_800_000_000_000;
  let account: SignInAccount;
  let server: HttpServer;
  let issuer: Issuer;
  beforeAll(async () => {
    server = await startHttpServer(() => issuer.routes(), {
      host: "127.0.0.1",
      port: 0,
      log: pino({ level: "silent" }),
      around: (_request, handle) => handle(),
    });
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    now = 1_800_000_000_000;
    issuer = new Issuer(
      () => now,
      () => server.url,
    );
    account = {
      name: "MYORG-MYACCOUNT",
      now: () => now,
      realNow: () => now,
      users: new Users(() => now, savedState(null)),
      integrations: new Integrations(savedState(null)),
      issuerKeys: new IssuerKeys(() => now),
    };
  });
  const code = async (credential: Credential): Promise<string> => {
    try {
      return (await signIn(account, credential)).user.name;
    } catch (error) {
      return (error as { readonly code: string }).code;
    }
  };

  describe("with a password", () => {
    const password = (loginName: string, text: string) => code({ authenticator: "SNOWFLAKE", loginName, password: text });
    beforeEach(() => account.users.create("ANN", properties({ PASSWORD: "right one" })));

    it("takes the right one alone, the user in any case", async () => {
      expect(await password("ann", "right one")).toBe("ANN");
      expect(await password("ANN", "wrong one")).toBe("390100");
      expect(await password("ANN", "")).toBe("390100");
      expect(await password("NOBODY", "right one")).toBe("390100");
    });

    it("refuses service users, disabled users and those without a password", async () => {
      account.users.alter("ANN", properties({ TYPE: "SERVICE" }));
      expect(await password("ANN", "right one")).toBe("390100");
      account.users.alter("ANN", properties({ TYPE: "PERSON", DISABLED: true }));
      expect(await password("ANN", "right one")).toBe("390101");
      account.users.alter("ANN", properties({ DISABLED: false }));
      account.users.unset("ANN", ["PASSWORD"]);
      expect(await password("ANN", "right one")).toBe("390100");
    });

    it("never keeps the password itself", () => {
      expect(JSON.stringify(account.users.list())).not.toContain("right one");
    });
  });

  describe("with a key pair", () => {
    const { publicKey, privateKey } = keyPair();
    const jwt = (change: Readonly<Record<string, unknown>> = {}, key: KeyObject = privateKey, alg = "RS256") => {
      const print = `SHA256:${createHash("sha256").update(derOf(publicKey)).digest("base64")}`;
      const claims = {
        iss: `MYORG-MYACCOUNT.ANN.${print}`,
        sub: "MYORG-MYACCOUNT.ANN",
        iat: now / 1000,
        exp: now / 1000 + 60,
        ...change,
      };
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
      const signed = `${part({ alg, typ: "JWT" })}.${part(claims)}`;
      return `${signed}.${sign("RSA-SHA256", Buffer.from(signed), key).toString("base64url")}`;
    };
    const pair = (token: string, loginName: string | null = "ANN") => code({ authenticator: "SNOWFLAKE_JWT", loginName, token });
    beforeEach(() =>
      account.users.create("ANN", properties({ TYPE: "SERVICE", RSA_PUBLIC_KEY: derOf(publicKey).toString("base64") })),
    );

    it("takes a token that the key signed, with times in seconds or milliseconds", async () => {
      expect(await pair(jwt())).toBe("ANN");
      expect(await pair(jwt({ iat: now, exp: now + 60_000 }))).toBe("ANN");
    });

    it.each<[string, () => string]>([
      ["signed by another key", () => jwt({}, keyPair().privateKey)],
      ["that is past", () => jwt({ iat: now / 1000 - 600, exp: now / 1000 - 300 })],
      ["for later", () => jwt({ iat: now / 1000 + 600, exp: now / 1000 + 900 })],
      ["issued more than an hour ago", () => jwt({ iat: now / 1000 - 3700, exp: now / 1000 + 900 })],
      ["without an end", () => jwt({ exp: undefined })],
      [
        "of another account",
        () => jwt({ iss: String(JSON.parse(claimsOf(jwt())).iss).replace("MYORG", "ELSE"), sub: "ELSE-MYACCOUNT.ANN" }),
      ],
      ["whose subject is somebody else", () => jwt({ sub: "MYORG-MYACCOUNT.BOB" })],
      ["with another fingerprint", () => jwt({ iss: "MYORG-MYACCOUNT.ANN.SHA256:AAAA" })],
      ["that says another algorithm", () => jwt({}, privateKey, "none")],
      ["that is none", () => "a.b"],
    ])("refuses a token %s", async (_what, token) => {
      expect(await pair(token())).toBe("390144");
    });

    it("takes the first label of the server's address for the account's name too, as clients do", async () => {
      const claims = JSON.parse(claimsOf(jwt())) as { readonly iss: string };
      const token = jwt({ iss: claims.iss.replace("MYORG-MYACCOUNT", "WAREHOUSE"), sub: "WAREHOUSE.ANN" });
      const host = (name: string) => code({ authenticator: "SNOWFLAKE_JWT", loginName: "ANN", token, host: name });
      expect([await host("warehouse.svc.cluster.local"), await host("elsewhere"), await pair(token)]).toEqual([
        "ANN",
        "390144",
        "390144",
      ]);
    });

    it("refuses a token for another user than the one that signs in", async () => {
      account.users.create("BOB", properties({ RSA_PUBLIC_KEY: derOf(publicKey).toString("base64") }));
      expect(await pair(jwt(), "BOB")).toBe("390144");
    });

    it("takes either of two keys, so that they can be rotated", async () => {
      const next = keyPair();
      account.users.alter("ANN", properties({ RSA_PUBLIC_KEY_2: derOf(next.publicKey).toString("base64") }));
      const print = `SHA256:${createHash("sha256").update(derOf(next.publicKey)).digest("base64")}`;
      const nextToken = jwt({ iss: `MYORG-MYACCOUNT.ANN.${print}` }, next.privateKey);
      expect([await pair(jwt()), await pair(nextToken)]).toEqual(["ANN", "ANN"]);
      account.users.unset("ANN", ["RSA_PUBLIC_KEY"]);
      expect([await pair(jwt()), await pair(nextToken)]).toEqual(["390144", "ANN"]);
    });

    it("takes the key as PEM as well, and refuses what is no RSA public key", () => {
      account.users.alter("ANN", properties({ RSA_PUBLIC_KEY: publicKey.export({ format: "pem", type: "spki" }).toString() }));
      expect(account.users.get("ANN")?.rsaPublicKey).toBe(derOf(publicKey).toString("base64"));
      const elliptic = derOf(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey).toString("base64");
      for (const text of ["AAAA", elliptic, createPrivateKey(privateKey.export({ format: "pem", type: "pkcs8" })).type])
        expect(() => account.users.alter("ANN", properties({ RSA_PUBLIC_KEY: text }))).toThrow(/Invalid public key/);
    });

    it("signs the REST APIs in", async () => {
      expect((await signInByBearer(account, { authorization: `Bearer ${jwt()}` })).user.name).toBe("ANN");
      await expect(signInByBearer(account, { authorization: "Bearer x" })).rejects.toMatchObject({ code: "390144" });
      await expect(signInByBearer(account, {})).rejects.toMatchObject({ code: "390144" });
    });
  });

  describe("with a programmatic access token", () => {
    const token = (text: string, loginName: string | null = "ANN") =>
      code({ authenticator: "PROGRAMMATIC_ACCESS_TOKEN", loginName, token: text });
    let secret = "";
    beforeEach(() => {
      account.users.create("ANN", properties({ TYPE: "SERVICE" }));
      secret = account.users.addAccessToken("ANN", "T", { roleRestriction: "LOADER", days: 1 });
    });

    it("takes it until it ends or is removed, also where it is given as a password", async () => {
      expect([await token(secret), await token(secret, null)]).toEqual(["ANN", "ANN"]);
      expect(await code({ authenticator: "SNOWFLAKE", loginName: "ANN", password: secret })).toBe("ANN");
      expect(await token(`${secret}x`)).toBe("394400");
      expect(
        (await signIn(account, { authenticator: "PROGRAMMATIC_ACCESS_TOKEN", loginName: null, token: secret })).roleRestriction,
      ).toBe("LOADER");
      now += 86_400_000;
      expect(await token(secret)).toBe("394400");
      now -= 86_400_000;
      account.users.removeAccessToken("ANN", "T");
      expect(await token(secret)).toBe("394400");
    });

    it("is not kept, and is not good for another user", async () => {
      expect(JSON.stringify(account.users.list())).not.toContain(secret);
      account.users.create("BOB", properties({}));
      expect(await token(secret, "BOB")).toBe("394400");
    });
  });

  describe("with a token of an OAuth issuer", () => {
    const oauth = (token: string, loginName: string | null = null) => code({ authenticator: "OAUTH", loginName, token });
    beforeEach(() => {
      account.users.create("ANN", properties({}));
      account.integrations.create(
        "IDP",
        properties({ TYPE: "EXTERNAL_OAUTH", EXTERNAL_OAUTH_ISSUER: issuer.url, EXTERNAL_OAUTH_AUDIENCE_LIST: ["here"] }),
      );
    });

    it("asks the issuer for its keys and takes what they signed, for this audience, in time", async () => {
      expect(await oauth(issuer.token({ sub: "ann", aud: "here" }))).toBe("ANN");
      expect(await oauth(issuer.token({ sub: "ann", aud: ["there", "here"] }), "ANN")).toBe("ANN");
      expect(await oauth(issuer.token({ sub: "ann", aud: "there" }))).toBe("390303");
      expect(await oauth(issuer.token({ sub: "bob", aud: "here" }))).toBe("390303");
      expect(await oauth(issuer.token({ sub: "ann", aud: "here" }), "BOB")).toBe("390303");
      expect(await oauth(issuer.token({ sub: "ann", aud: "here", iss: "http://127.0.0.1:1/else" }))).toBe("390303");
      expect(await oauth(issuer.token({ sub: "ann", aud: "here", exp: now / 1000 - 1 }))).toBe("390318");
    });

    it("sees that the issuer has rotated its key", async () => {
      const old = issuer.token({ sub: "ann", aud: "here" });
      expect(await oauth(old)).toBe("ANN");
      issuer.rotate();
      now += 2_000;
      expect(await oauth(issuer.token({ sub: "ann", aud: "here" }))).toBe("ANN");
      expect(await oauth(old)).toBe("390303");
    });

    it("reads the role from the scopes", async () => {
      const signed = await signIn(account, {
        authenticator: "OAUTH",
        loginName: null,
        token: issuer.token({ sub: "ann", aud: "here", scp: ["session:role:loader"] }),
      });
      expect(signed).toMatchObject({ roleRestriction: "LOADER", anyRole: false });
    });

    it("gives tokens by client credentials to clients that it knows", async () => {
      issuer.addClient({ id: "app", secret: "s&cret", claims: { sub: "ann", aud: "here" } });
      const ask = (body: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) =>
        fetch(issuer.tokenUrl, {
          method: "POST",
          body: new URLSearchParams({ grant_type: "client_credentials", ...body }),
          headers,
        });
      const post = (await (await ask({ client_id: "app", client_secret: "s&cret" })).json()) as { readonly access_token: string };
      expect(await oauth(post.access_token)).toBe("ANN");
      const basic = Buffer.from(`app:${encodeURIComponent("s&cret")}`).toString("base64");
      expect((await ask({}, { authorization: `Basic ${basic}` })).status).toBe(200);
      expect((await ask({ client_id: "app", client_secret: "wrong!" })).status).toBe(401);
      expect((await ask({ client_id: "else", client_secret: "s&cret" })).status).toBe(401);
      expect((await ask({ grant_type: "password" })).status).toBe(400);
    });
  });

  describe("with a workload's identity", () => {
    const subject = "system:serviceaccount:loads:orders";
    const workload = (claims: Readonly<Record<string, unknown>>, provider = "OIDC") =>
      code({ authenticator: "WORKLOAD_IDENTITY", loginName: null, provider, token: issuer.token({ sub: subject, ...claims }) });
    const create = (audiences: PropertyValue = []) => {
      const identity = { TYPE: "OIDC", ISSUER: issuer.url, SUBJECT: subject, OIDC_AUDIENCE_LIST: audiences };
      account.users.create("POD", properties({ TYPE: "SERVICE", WORKLOAD_IDENTITY: identity }), true);
    };

    it("takes the issuer's own tokens for this subject and audience", async () => {
      create();
      expect(await workload({ aud: "snowflakecomputing.com" })).toBe("POD");
      expect(await workload({ aud: "elsewhere" })).toBe("394304");
      expect(await workload({ aud: "snowflakecomputing.com", sub: "system:serviceaccount:loads:else" })).toBe("394304");
      expect(await workload({ aud: "snowflakecomputing.com", exp: now / 1000 - 600 })).toBe("394304");
      expect(await workload({ aud: "snowflakecomputing.com" }, "AWS")).toBe("394304");
      create(["mine"]);
      expect(await workload({ aud: ["mine"] })).toBe("POD");
      expect(await workload({ aud: "snowflakecomputing.com" })).toBe("394304");
    });

    it("refuses a token that only says it is the issuer's", async () => {
      create();
      const forger = new Issuer(
        () => now,
        () => server.url,
      );
      const token = forger.token({ sub: subject, aud: "snowflakecomputing.com" });
      expect(await code({ authenticator: "WORKLOAD_IDENTITY", loginName: null, token })).toBe("394304");
    });

    it("signs the REST APIs in", async () => {
      create();
      const token = issuer.token({ sub: subject, aud: "snowflakecomputing.com" });
      expect((await signInByBearer(account, { authorization: `Bearer WIF.OIDC.${token}` })).user.name).toBe("POD");
    });
  });
});

const claimsOf = (token: string) => Buffer.from(token.split(".")[1]!, "base64url").toString();
