import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mavenArtifacts } from "../../kafka/maven-artifacts.ts";
import { type DriverAccount, driverAccount } from "./driver-account.ts";
import { run } from "./python-packages.ts";

const version = "3.28.0";
/** The driver has 85 MB. */
const downloadMs = 600_000;

const lacks = (await Promise.all([run("java", ["-version"]), run("mvn", ["-v"])])).some(({ code }) => code !== 0);
if (lacks) console.log("a JDK 17 and Maven (mvn) are not there: the test with the JDBC driver is left out");

describe.skipIf(lacks)("the JDBC driver", () => {
  let account: DriverAccount;
  beforeAll(async () => {
    account = await driverAccount();
  });
  afterAll(() => account[Symbol.asyncDispose]());

  it(
    "does its rounds",
    async () => {
      const driver = { group: "net.snowflake", name: "snowflake-jdbc", version, alone: true } as const;
      const jars = await mavenArtifacts(`snowflake-jdbc-${version}`, [driver], () =>
        console.log(`downloading snowflake-jdbc ${version}`),
      );
      const ended = await run("java", ["-cp", join(jars, "*"), join(import.meta.dirname, "JdbcRounds.java")], {
        env: account.environment,
      });
      expect(ended).toMatchObject({ code: 0, output: expect.stringContaining("ok cancelled") });
    },
    downloadMs,
  );
});
