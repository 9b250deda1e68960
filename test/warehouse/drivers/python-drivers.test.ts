import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DriverAccount, driverAccount } from "./driver-account.ts";
import { pythonLacks, pythonPackages, run } from "./python-packages.ts";

const folder = import.meta.dirname;
/** Installing packages takes a minute, the first time. */
const installMs = 600_000;
const roundsMs = 120_000;

const lacks = await pythonLacks();
if (lacks !== null) console.log(lacks);

describe.skipIf(lacks !== null)("Python's drivers", () => {
  let account: DriverAccount;
  beforeAll(async () => {
    account = await driverAccount();
  });
  afterAll(() => account[Symbol.asyncDispose]());

  it(
    "do their rounds with the connector",
    async () => {
      const bin = await pythonPackages(["snowflake-connector-python==5.2.0", "snowflake-sqlalchemy==2.1.0"]);
      const ended = await run(join(bin, "python"), [join(folder, "connector_rounds.py")], { env: account.environment });
      expect(ended.output).not.toContain("NOT ");
      expect(ended).toMatchObject({ code: 0, output: expect.stringContaining("ok at_the_same_time") });
    },
    installMs + roundsMs,
  );

  it(
    "do their rounds with SQLAlchemy",
    async () => {
      const bin = await pythonPackages(["snowflake-connector-python==5.2.0", "snowflake-sqlalchemy==2.1.0"]);
      const ended = await run(join(bin, "python"), [join(folder, "sqlalchemy_rounds.py")], { env: account.environment });
      expect(ended).toMatchObject({ code: 0, output: expect.stringContaining("ok plain_text") });
    },
    installMs + roundsMs,
  );

  it(
    "build a dbt project, twice, over the older connector",
    async () => {
      const bin = await pythonPackages(["dbt-core==1.10.23", "dbt-snowflake==1.10.8", "snowflake-connector-python==4.8.0"]);
      const rounds = await run(join(bin, "python"), [join(folder, "connector_rounds.py")], { env: account.environment });
      expect(rounds).toMatchObject({ code: 0, output: expect.stringContaining("ok files") });
      const project = await mkdtemp(join(tmpdir(), "snowline-dbt-"));
      try {
        await cp(join(folder, "dbt"), project, { recursive: true });
        for (const time of ["first", "second"]) {
          const ended = await run(join(bin, "dbt"), ["build", "--profiles-dir", project, "--no-use-colors"], {
            env: account.environment,
            cwd: project,
          });
          expect(ended.output, time).toContain("PASS=8 WARN=0 ERROR=0 SKIP=0");
          expect(ended.code).toBe(0);
        }
      } finally {
        await rm(project, { recursive: true, force: true });
      }
    },
    installMs + roundsMs,
  );
});
