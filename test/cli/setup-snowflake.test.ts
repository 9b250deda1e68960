import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { snowline } from "./captured-shell.ts";
import { folder, pipelineYaml } from "./manifests.ts";

const auth = (text: string): string => `{ ${text} }`;
const keyPair = auth("keyPair: { privateKeyFrom: { secret: snowflake-key, key: rsa_key.p8 } }");
const connection = (parts: { readonly name?: string; readonly user?: string; readonly auth?: string } = {}): string =>
  `apiVersion: snowline.dev/v1alpha1\nkind: Connection\nmetadata: { name: ${parts.name ?? "warehouse"} }\n` +
  `spec: { snowflake: { account: myorg-myaccount, ${parts.user ?? "user: loads, "}role: LOADER, warehouse: LOAD_XS, auth: ${parts.auth ?? keyPair} } }\n`;
const sink = (more = "", table = "ORDERS"): string =>
  `{ snowflake: { connection: warehouse, database: ANALYTICS, table: ${table}${more} } }`;

const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = publicKey.export({ type: "spki", format: "pem" }) as string;
const base64 = publicKey.export({ type: "spki", format: "der" }).toString("base64");

/** What is not a remark. */
const statements = (text: string): string[] => text.split("\n").filter((line) => line !== "" && !line.startsWith("--"));

describe("snowline setup snowflake", () => {
  it("prints role, warehouse, user and the grants of exactly what a pipeline needs, with the Connection's names", async () => {
    await using files = await folder({
      "orders.yaml": pipelineYaml({
        sink: sink(", stateSchema: SNOWLINE, mode: { upsert: { key: [id] } }, schemaEvolution: widen"),
      }),
      "connections.yaml": connection(),
      "rsa_key.pub": pem,
    });
    const { code, stdout } = await snowline(
      ["setup", "snowflake", files.file("orders.yaml"), files.file("connections.yaml"), "--key-file", "rsa_key.pub"],
      { directory: files.path },
    );
    expect(code).toBe(0);
    expect(statements(stdout)).toEqual([
      "USE ROLE ACCOUNTADMIN;",
      "CREATE ROLE IF NOT EXISTS LOADER;",
      "GRANT ROLE LOADER TO ROLE SYSADMIN;",
      "CREATE WAREHOUSE IF NOT EXISTS LOAD_XS WAREHOUSE_SIZE = XSMALL AUTO_SUSPEND = 60 AUTO_RESUME = TRUE INITIALLY_SUSPENDED = TRUE;",
      "CREATE DATABASE IF NOT EXISTS ANALYTICS;",
      "CREATE SCHEMA IF NOT EXISTS ANALYTICS.PUBLIC;",
      "CREATE SCHEMA IF NOT EXISTS ANALYTICS.SNOWLINE;",
      "GRANT USAGE ON WAREHOUSE LOAD_XS TO ROLE LOADER;",
      "GRANT USAGE ON DATABASE ANALYTICS TO ROLE LOADER;",
      "GRANT USAGE ON SCHEMA ANALYTICS.PUBLIC TO ROLE LOADER;",
      "GRANT CREATE TABLE ON SCHEMA ANALYTICS.PUBLIC TO ROLE LOADER;",
      "GRANT USAGE ON SCHEMA ANALYTICS.SNOWLINE TO ROLE LOADER;",
      "GRANT CREATE TABLE ON SCHEMA ANALYTICS.SNOWLINE TO ROLE LOADER;",
      "GRANT CREATE STAGE ON SCHEMA ANALYTICS.SNOWLINE TO ROLE LOADER;",
      "CREATE USER IF NOT EXISTS LOADS TYPE = SERVICE DEFAULT_ROLE = LOADER DEFAULT_WAREHOUSE = LOAD_XS;",
      "GRANT ROLE LOADER TO USER LOADS;",
      `ALTER USER LOADS SET RSA_PUBLIC_KEY = '${base64}';`,
    ]);
    for (const privilege of ["SELECT", "INSERT", "UPDATE", "OWNERSHIP"])
      expect(stdout).toContain(`\n--   GRANT ${privilege} ON TABLE ANALYTICS.PUBLIC.ORDERS TO ROLE LOADER`);
    expect(stdout).not.toContain("GRANT DELETE");
  });

  it("grants what each way of loading needs, and each thing once", async () => {
    await using files = await folder({
      "all.yaml": [
        pipelineYaml({ name: "piped", sink: sink(", load: { snowpipe: { stage: RAW.LAKE } }") }),
        pipelineYaml({ name: "streamed", sink: sink(", load: { streaming: {} }") }),
        pipelineYaml({ name: "given", sink: sink(", load: { snowpipe: { pipe: '\"my pipe\"' } }") }),
      ].join("---\n"),
    });
    const { stdout } = await snowline([
      "setup",
      "snowflake",
      files.file("all.yaml"),
      "--role",
      "R",
      "--warehouse",
      "W",
      "--user",
      "U",
    ]);
    const grants = statements(stdout).filter((line) => line.startsWith("GRANT") && !line.includes("ROLE R TO"));
    expect(new Set(grants).size).toBe(grants.length);
    expect(grants).toEqual(
      expect.arrayContaining([
        "GRANT CREATE PIPE ON SCHEMA ANALYTICS.PUBLIC TO ROLE R;",
        "GRANT USAGE ON STAGE ANALYTICS.RAW.LAKE TO ROLE R;",
        'GRANT OPERATE ON PIPE ANALYTICS.PUBLIC."my pipe" TO ROLE R;',
        'GRANT MONITOR ON PIPE ANALYTICS.PUBLIC."my pipe" TO ROLE R;',
      ]),
    );
    const streamed = stdout.slice(stdout.indexOf("Pipeline streamed"), stdout.indexOf("Pipeline given"));
    expect(streamed).toContain("needs nothing more");
  });

  it("quotes what needs it, so that no name and no option becomes a statement", async () => {
    await using files = await folder({
      "orders.yaml": pipelineYaml({ sink: sink("", `'"x\\n; DROP TABLE y; --"'`).replace("ANALYTICS", `'"or""der"'`) }),
      "select.yaml": pipelineYaml({ sink: sink("", "select") }),
    });
    const names = ["--user", "o'brien", "--role", "Order"];
    const identity = ["--workload-identity", "https://issuer.example/a'b,system:serviceaccount:loads:it's\\"];
    const { stdout } = await snowline(["setup", "snowflake", files.file("orders.yaml"), ...names, ...identity]);
    expect(stdout).toContain(`SUBJECT = 'system:serviceaccount:loads:it''s\\\\')`);
    expect(stdout).toContain(`ISSUER = 'https://issuer.example/a''b'`);
    expect(stdout).toContain(`CREATE USER IF NOT EXISTS "O'BRIEN" `);
    expect(stdout).toContain('TO ROLE "ORDER";');
    expect(stdout).toContain('CREATE DATABASE IF NOT EXISTS "or""der";');
    expect(statements(stdout).filter((line) => !/^(USE|CREATE|GRANT|ALTER) .*;$/.test(line))).toEqual([]);
    const reserved = await snowline(["setup", "snowflake", files.file("select.yaml")]);
    expect(reserved.stdout).toContain('ON TABLE ANALYTICS.PUBLIC."SELECT" TO ROLE SNOWLINE_LOADER');
  });

  it.each([
    [
      "token",
      "user: loads, ",
      auth("token: { tokenFrom: { secret: s, key: k } }"),
      "ADD PROGRAMMATIC ACCESS TOKEN SNOWLINE ROLE_RESTRICTION = 'LOADER'",
    ],
    ["workloadIdentity", "", auth("workloadIdentity: {}"), "run this again with --workload-identity"],
    [
      "oauth",
      "user: loads, ",
      auth(
        "oauth: { tokenUrl: https://idp.example/token, clientIdFrom: { secret: s, key: k }, clientSecretFrom: { secret: s, key: c } }",
      ),
      "EXTERNAL_OAUTH",
    ],
    ["keyPair", "user: loads, ", keyPair, "openssl rsa -in rsa_key.p8 -pubout"],
  ])("says what auth.%s needs in the account", async (_name, user, signIn, expected) => {
    await using files = await folder({
      "orders.yaml": `${pipelineYaml({ sink: sink() })}---\n${connection({ user, auth: signIn })}`,
    });
    const { code, stdout } = await snowline(["setup", "snowflake", files.file("orders.yaml")]);
    expect(code).toBe(0);
    expect(stdout).toContain(expected);
    expect(statements(stdout).filter((line) => !line.endsWith(";"))).toEqual([]);
  });

  it("takes a public RSA key only, and prints nothing of another file", async () => {
    await using files = await folder({
      "private.pem": privateKey.export({ type: "pkcs8", format: "pem" }) as string,
      "short.pub": generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({
        type: "spki",
        format: "pem",
      }) as string,
      "curve.pub": generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }) as string,
      hosts: "127.0.0.1 localhost",
    });
    const tried = async (name: string) => snowline(["setup", "snowflake", "--key-file", files.file(name)]);
    expect(await tried("private.pem")).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining("it holds a private key"),
    });
    expect(await tried("hosts")).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("no public key in PEM") });
    for (const name of ["short.pub", "curve.pub"])
      expect(await tried(name)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("2048 bits or more") });
    expect(await tried("none")).toMatchObject({ code: 2, stderr: expect.stringContaining("cannot be read (ENOENT)") });
    for (const name of ["private.pem", "hosts"]) expect((await tried(name)).stderr).not.toMatch(/MII|127\.0/);
  });

  it("works without files, and refuses options that make no sense", async () => {
    await using files = await folder({
      "two.yaml": `${pipelineYaml({ name: "a", sink: sink() })}---\n${pipelineYaml({ name: "b", sink: sink().replace("warehouse", "other") })}`,
      "duckdb.yaml": pipelineYaml(),
    });
    const alone = await snowline(["setup", "snowflake"]);
    expect(alone).toMatchObject({ code: 0, stdout: expect.stringContaining("CREATE ROLE IF NOT EXISTS SNOWLINE_LOADER;") });
    const refused = async (...args: string[]) => (await snowline(["setup", "snowflake", ...args])).stderr;
    expect(await refused(files.file("two.yaml"))).toContain("choose one with --connection: warehouse, other");
    expect(await refused(files.file("two.yaml"), "--connection", "third")).toContain(
      'no pipeline of the files uses connection "third"',
    );
    expect(await refused(files.file("duckdb.yaml"))).toContain("none of the files has a Pipeline with sink.snowflake");
    expect(await refused("--role", "a b")).toContain("--role a b: must be an identifier");
    expect(await refused("--workload-identity", "here")).toContain("must be <issuer>,<subject>");
    expect(await refused("--workload-identity", "https://i.example,s", "--key-file", "x")).toContain("give one of them");
  });
});
