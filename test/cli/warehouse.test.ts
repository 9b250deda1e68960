import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { openDriverSession } from "../snowflake/driver-session.ts";
import { snowline } from "./captured-shell.ts";
import { spawnSnowline } from "./spawned.ts";

describe("snowline warehouse", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "snowline-warehouse-command-"));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  /** Starts it, does something with the Connection that it wrote, and stops it. */
  const serve = async (args: readonly string[], use: (url: string, token: string, user: string) => Promise<void>) => {
    await using running = spawnSnowline(["warehouse", "--port", "0", ...args], directory);
    const [, url] = await running.saw(/listening on (http:\S+);/);
    const { spec } = parse(running.stdout()) as {
      readonly spec: {
        readonly snowflake: {
          readonly url: string;
          readonly user: string;
          readonly auth: { readonly token: { readonly tokenFrom: { readonly secret: string; readonly key: string } } };
        };
      };
    };
    const { secret, key } = spec.snowflake.auth.token.tokenFrom;
    const path = join(directory, ".snowline/secrets", secret, key);
    expect(((await stat(path)).mode & 0o077).toString(8)).toBe("0");
    expect(spec.snowflake.url).toBe(url);
    await use(spec.snowflake.url, await readFile(path, "utf8"), spec.snowflake.user);
    running.child.kill("SIGTERM");
    expect(await running.ended()).toBe(0);
    expect(running.stderr()).toContain("This is not Snowflake");
  };
  const session = (accessUrl: string, token: string, username: string) =>
    openDriverSession({
      account: "any",
      accessUrl,
      username,
      authenticator: "PROGRAMMATIC_ACCESS_TOKEN",
      token,
      database: "DEMO",
    });

  it("serves what its Connection signs in to, and ends by a signal", async () => {
    await serve([], async (url, token, user) => {
      await using own = await session(url, token, user);
      expect(
        await own.query("SELECT CURRENT_USER() AS u, CURRENT_ROLE() AS r, CURRENT_DATABASE() AS d, CURRENT_WAREHOUSE() AS w"),
      ).toEqual([{ U: "SNOWLINE", R: "ACCOUNTADMIN", D: "DEMO", W: "COMPUTE_WH" }]);
      expect(await (await fetch(url)).text()).toContain("This is not Snowflake");
      expect((await fetch(`${url}/__snowline/meter`)).status).toBe(404);
    });
  });

  it("keeps tables, stages, users and warehouses in its data directory", async () => {
    const args = ["--data", "kept", "--user", "ann"];
    await serve(args, async (url, token, user) => {
      await using own = await session(url, token, user);
      await own.query("CREATE TABLE kept (a INT, b VARCHAR)");
      await own.query("INSERT INTO kept VALUES (1, 'x')");
      await own.query("CREATE STAGE files");
      await own.query(`PUT 'file://${join(directory, ".snowline/secrets/warehouse/token")}' @files`);
      await own.query("CREATE WAREHOUSE large WAREHOUSE_SIZE = LARGE");
      await own.query("CREATE USER bob PASSWORD = 'b'");
    });
    await serve(args, async (url, token, user) => {
      await using own = await session(url, token, user);
      expect(await own.query("SELECT * FROM kept")).toEqual([{ A: "1", B: "x" }]);
      expect(await own.query("LIST @files")).toMatchObject([{ name: "files/token.gz" }]);
      expect(await own.query("SHOW WAREHOUSES LIKE 'large'")).toMatchObject([{ name: "LARGE", size: "Large" }]);
      await using bob = await openDriverSession({ account: "any", accessUrl: url, username: "bob", password: "b" });
      expect(await bob.query("SELECT CURRENT_USER() AS u")).toEqual([{ U: "BOB" }]);
    });
  });

  it("says what is wrong with its port or its data directory", async () => {
    await serve(["--data", "kept"], async (url) => {
      const { port } = new URL(url);
      const second = await snowline(["warehouse", "--port", port], { directory });
      expect(second).toMatchObject({ code: 1, stdout: "" });
      expect(second.stderr).toBe(
        `snowline: warehouse: port ${port} of 127.0.0.1: cannot listen; take another one, or 0 for any\n`,
      );
    });
  });
});
