import assert from "node:assert";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Loader, openLoader } from "../copy/open-loader.ts";

describe.each(["GCS", "AZURE"] as const)("files through %s's endpoints", (storage) => {
  let loader: Loader;
  beforeAll(async () => {
    loader = await openLoader({ storage });
  });
  afterAll(async () => {
    await loader[Symbol.asyncDispose]();
  });

  async function local(name: string, content: string): Promise<string> {
    const file = join(loader.directory, name);
    await writeFile(file, content);
    return file;
  }

  test("PUT packs a file, does not replace it unless it is told to, and GET brings it back", async () => {
    const file = await local("a.csv", "1,x\n");
    const [put] = await loader.query(`PUT file://${file} @S/d`);
    expect(put).toMatchObject({ source: "a.csv", target: "a.csv.gz", status: "UPLOADED", targetCompression: "GZIP" });
    await local("a.csv", "2,y\n");
    expect((await loader.query(`PUT file://${file} @S/d`))[0]).toMatchObject({ status: "SKIPPED" });
    expect(await loader.rows("SELECT $1 FROM @S/d")).toEqual([["1"]]);
    expect((await loader.query(`PUT file://${file} @S/d OVERWRITE = TRUE`))[0]).toMatchObject({ status: "UPLOADED" });
    expect(await loader.rows("SELECT $1 FROM @S/d")).toEqual([["2"]]);
    await loader.query(`PUT file://${file} @S/plain AUTO_COMPRESS = FALSE`);
    await loader.query(`GET @S/plain/a.csv file://${loader.directory}/`);
    expect(await readFile(file, "utf8")).toBe("2,y\n");
  });

  test("a file larger than one block arrives whole", async () => {
    const line = `${"0123456789".repeat(10)}\n`;
    const file = await local("large.csv", line.repeat(100_000));
    await loader.query(`PUT file://${file} @S/large AUTO_COMPRESS = FALSE`);
    expect((await loader.query("LIST @S/large"))[0]).toMatchObject({ size: String(line.length * 100_000) });
    expect(await loader.rows("SELECT COUNT(*), COUNT(DISTINCT $1) FROM @S/large")).toEqual([["100000", "1"]]);
  });

  test("LIST shows size, MD5 and time; REMOVE takes away what the pattern fits", async () => {
    const file = await local("l.csv", "1\n");
    for (const name of ["a", "b"]) await loader.query(`PUT file://${file} @S/l/${name} AUTO_COMPRESS = FALSE`);
    const [first, second] = await loader.query("LIST @S/l/");
    expect(first).toMatchObject({ name: "s/l/a/l.csv", size: "2", md5: "b026324c6904b2a9cb4b88d6d61c81d1" });
    expect(second?.["name"]).toBe("s/l/b/l.csv");
    expect(Math.abs(Date.parse(first?.["last_modified"] ?? "") - Date.now())).toBeLessThan(60_000);
    expect(await loader.rows("REMOVE @S/l/ PATTERN = '.*/b/.*'")).toEqual([["s/l/b/l.csv", "removed"]]);
    expect((await loader.query("LS @S/l/")).map(({ name }) => name)).toEqual(["s/l/a/l.csv"]);
  });

  test("a full disk is the row's error, which the driver does not raise", async ({ skip }) => {
    const { faults } = loader.account;
    skip(faults === null, "a real account's disk is never full");
    assert(faults !== null);
    const file = await local("full.csv", "1\n");
    faults.add({ action: { kind: "diskFull" }, count: null });
    try {
      const rows = await loader.query(`PUT file://${file} @S/full`).catch(() => []);
      expect(rows.every(({ status }) => status !== "UPLOADED")).toBe(true);
    } finally {
      faults.clear();
    }
    expect(await loader.query("LIST @S/full")).toEqual([]);
  });
});

describe("kinds of stages", () => {
  let loader: Loader;
  beforeAll(async () => {
    loader = await openLoader();
    await writeFile(join(loader.directory, "a.csv"), "1\n");
  });
  afterAll(async () => {
    await loader[Symbol.asyncDispose]();
  });
  const put = (stage: string) => loader.query(`PUT file://${loader.directory}/a.csv ${stage} AUTO_COMPRESS = FALSE`);

  test("a table and a user have one", async () => {
    await loader.query("CREATE TABLE T (A NUMBER)");
    await put("@%T");
    await put("@~/mine");
    expect((await loader.query("LIST @%T")).map(({ name }) => name)).toEqual(["a.csv"]);
    expect((await loader.query("LIST @~/mine")).map(({ name }) => name)).toEqual(["mine/a.csv"]);
    await loader.query("COPY INTO T FROM @%T");
    await loader.query("COPY INTO T FROM @~/mine");
    expect(await loader.rows("SELECT COUNT(*) FROM T")).toEqual([["2"]]);
    await loader.query("REMOVE @~/mine");
  });

  test("a table that is made anew has an empty one", async () => {
    await loader.query("CREATE TABLE D (A NUMBER)");
    await put("@%D");
    await loader.query("DROP TABLE D");
    await loader.query("CREATE TABLE D (A NUMBER)");
    expect(await loader.query("LIST @%D")).toEqual([]);
  });

  test("a role that may not read or write a stage is refused", async ({ skip }) => {
    const { account } = loader;
    skip(account.server === null, "makes a role");
    const role = "ONLOOKER";
    await account.query(`CREATE ROLE ${role}`);
    await account.query(`GRANT ROLE ${role} TO USER ${account.spec.user}`);
    for (const on of [`DATABASE ${account.database}`, `SCHEMA ${account.database}.${account.schema}`])
      await account.query(`GRANT USAGE ON ${on} TO ROLE ${role}`);
    await account.query(`GRANT READ ON STAGE ${account.database}.${account.schema}.S TO ROLE ${role}`);
    await using session = await account.openSession();
    await session.query(`USE ROLE ${role}`);
    expect(await session.query("LIST @S")).toEqual([]);
    await expect(session.query("REMOVE @S")).rejects.toMatchObject({ code: "003001" });
    await expect(session.query("CREATE STAGE MINE")).rejects.toMatchObject({ code: "003001" });
    await expect(session.query("DROP STAGE S")).rejects.toMatchObject({ code: "003001" });
  });

  test("a temporary one is its session's, and hides another of its name", async () => {
    await loader.query("CREATE STAGE HIDDEN");
    await put("@HIDDEN");
    await using other = await loader.account.openSession();
    await other.query("CREATE TEMPORARY STAGE HIDDEN");
    expect(await other.query("LIST @HIDDEN")).toEqual([]);
    expect(await loader.query("LIST @HIDDEN")).toHaveLength(1);
  });

  test("its FILE_FORMAT applies where the statement names none", async () => {
    await loader.query("CREATE TABLE P (A NUMBER, B VARCHAR)");
    await loader.query("CREATE STAGE PIPED FILE_FORMAT = (TYPE = CSV FIELD_DELIMITER = '|')");
    await writeFile(join(loader.directory, "p.csv"), "1|x\n");
    await loader.query(`PUT file://${loader.directory}/p.csv @PIPED`);
    await loader.query("COPY INTO P FROM @PIPED");
    expect(await loader.rows("SELECT * FROM P")).toEqual([["1", "x"]]);
    const rows = await loader.query("DESCRIBE STAGE PIPED");
    expect(rows.find(({ property }) => property === "FIELD_DELIMITER")?.["property_value"]).toBe("|");
  });

  test("CREATE, SHOW, ALTER and DROP", async () => {
    expect((await loader.failure("CREATE STAGE S")).code).toBe("002002");
    await loader.query("CREATE STAGE IF NOT EXISTS S");
    await loader.query(`CREATE STAGE "Mixed 1" COMMENT = 'it''s'`);
    await loader.query(`ALTER STAGE "Mixed 1" RENAME TO RENAMED`);
    const [shown] = await loader.query("SHOW STAGES LIKE 'RENAMED'");
    expect(shown).toMatchObject({ name: "RENAMED", comment: "it's", type: "INTERNAL" });
    await loader.query("DROP STAGE RENAMED");
    expect((await loader.failure("LIST @RENAMED")).code).toBe("002003");
    await loader.query("DROP STAGE IF EXISTS RENAMED");
  });

  test("DDL of a stage commits the open transaction, but not a temporary one's", async () => {
    await loader.query("CREATE TABLE C (A NUMBER)");
    await loader.query("BEGIN");
    await loader.query("INSERT INTO C VALUES (1)");
    await loader.query("CREATE TEMPORARY STAGE TEMPORARY1");
    await loader.query("ROLLBACK");
    expect(await loader.rows("SELECT COUNT(*) FROM C")).toEqual([["0"]]);
    await loader.query("BEGIN");
    await loader.query("INSERT INTO C VALUES (1)");
    await loader.query("CREATE STAGE COMMITS");
    await loader.query("ROLLBACK");
    expect(await loader.rows("SELECT COUNT(*) FROM C")).toEqual([["1"]]);
  });

  test("DROP SCHEMA takes them along", async () => {
    const { database } = loader.account;
    await loader.account.query(`CREATE SCHEMA ${database}.GOING`);
    await loader.account.query(`CREATE STAGE ${database}.GOING.G`);
    await loader.account.query(`DROP SCHEMA ${database}.GOING`);
    await loader.account.query(`CREATE SCHEMA ${database}.GOING`);
    expect((await loader.failure(`LIST @${database}.GOING.G`)).code).toBe("002003");
    await loader.account.query(`DROP SCHEMA ${database}.GOING`);
  });

  test("an external one is a bucket in the server's directory", async ({ skip }) => {
    const { server } = loader.account;
    skip(server === null, "needs a bucket of one's own");
    assert(server !== null);
    await loader.query("CREATE STAGE EXT URL = 's3://bucket/base/'");
    await loader.query("COPY FILES INTO @EXT/in/ FROM @%T");
    expect((await loader.query("LIST @EXT")).map(({ name }) => name)).toEqual(["s3://bucket/base/in/a.csv"]);
    await loader.query("COPY INTO T FROM 's3://bucket/base/in/' FORCE = TRUE");
    expect(await loader.rows("SELECT COUNT(*) FROM T")).toEqual([["3"]]);
  });
});

test("the storage takes nothing without a token, and nothing outside of what the token is for", async ({ skip }) => {
  await using loader = await openLoader();
  const { server } = loader.account;
  skip(server === null, "looks into our server");
  assert(server !== null);
  const { stages } = server.account;
  const bucket = "stage.1";
  const token = stages.grant({ bucket, prefix: "a/", mode: "write" });
  const reading = stages.grant({ bucket, prefix: "a/", mode: "read" });
  const status = async (path: string, authorization: string, method = "PUT"): Promise<number> => {
    const body = method === "PUT" ? { body: "x" } : {};
    return (
      await fetch(`${server.url}/storage/gcs/${path}`, { method, headers: { authorization: `Bearer ${authorization}` }, ...body })
    ).status;
  };
  expect(await status(`${bucket}/a/x`, token)).toBe(200);
  expect(await status(`${bucket}/a/x`, token, "GET")).toBe(200);
  expect(await status(`${bucket}/a/none`, token, "HEAD")).toBe(404);
  expect(await status(`${bucket}/a/x`, "nothing.signed")).toBe(401);
  expect(await status(`${bucket}/a/x`, `${token}x`)).toBe(401);
  expect(await status(`${bucket}/b/x`, token)).toBe(403);
  expect(await status(`stage.2/a/x`, token)).toBe(403);
  expect(await status(`${bucket}/a/x`, reading)).toBe(403);
  expect(await status(`${bucket}/a/..%2F..%2Fescaped`, token)).toBe(400);
  server.clock.advance(3_601_000);
  expect(await status(`${bucket}/a/x`, token)).toBe(401);
});
