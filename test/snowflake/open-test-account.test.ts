import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { snowflakeAccount } from "../../runtime/snowflake/account.ts";
import { openTestAccount } from "./open-test-account.ts";

describe("the account to test on", () => {
  const before = { ...process.env };
  afterEach(() => {
    for (const name of Object.keys(process.env)) if (name.startsWith("SNOWFLAKE_")) delete process.env[name];
    Object.assign(process.env, before);
  });

  it("says which variable lacks where the environment names half a real account", async () => {
    process.env["SNOWFLAKE_ACCOUNT"] = "myorg-myaccount";
    delete process.env["SNOWFLAKE_USER"];
    await expect(openTestAccount()).rejects.toThrow("test account: SNOWFLAKE_USER is not set, though SNOWFLAKE_ACCOUNT is");
  });

  it("is a schema of its own that the product can sign in to, and nothing is left of it", async () => {
    const account = await openTestAccount();
    const context = account.context();
    expect(context.connection("any")).toEqual({ snowflake: account.spec });
    const session = await snowflakeAccount(account.spec, context).openSession({
      namespace: "shop",
      pipeline: "orders",
      run: "1",
    });
    await session.execute(`CREATE TABLE "${account.database}"."${account.schema}".T (A INT)`);
    await session[Symbol.asyncDispose]();
    expect(await account.query("SELECT COUNT(*) AS n FROM t")).toEqual([{ N: "0" }]);
    const secret = join(account.secretsDirectory, "snowflake/private-key.pem");
    if (account.server !== null) expect(await readFile(secret, "utf8")).toContain("PRIVATE KEY");
    await account[Symbol.asyncDispose]();
    await expect(stat(account.secretsDirectory)).rejects.toThrow("ENOENT");
    if (account.server !== null) await expect(fetch(account.server.url)).rejects.toThrow("fetch failed");
  });
});
