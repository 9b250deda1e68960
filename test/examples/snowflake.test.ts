import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { snowline } from "../cli/captured-shell.ts";
import { type Spawned, spawnSnowline } from "../cli/spawned.ts";
import { readFile, writeFile } from "node:fs/promises";
import { type ExampleFolder, exampleFolder } from "./example-folder.ts";
import { openDriverSession } from "../snowflake/driver-session.ts";

describe("the Snowflake example, on the warehouse that `snowline warehouse` serves", () => {
  let examples: ExampleFolder;
  let warehouse: Spawned;
  let url: string;

  beforeAll(async () => {
    examples = await exampleFolder();
    warehouse = spawnSnowline(["warehouse", "--port", "0"], examples.file(".."));
    url = (await warehouse.saw(/listening on (http:\S+?);/))[1]!;
    const connection = await readFile(examples.file("warehouse.yaml"), "utf8");
    await writeFile(examples.file("warehouse.yaml"), connection.replace("http://127.0.0.1:8086", url));
  });
  afterAll(async () => {
    await warehouse[Symbol.asyncDispose]();
    await examples[Symbol.asyncDispose]();
  });

  it("loads the latest state of each order, removes the cancelled ones, and loads nothing twice", async () => {
    const files = [examples.file("orders-to-snowflake.yaml"), examples.file("warehouse.yaml")];
    const command = (name: string) => snowline([name, ...files], { directory: examples.file("..") });
    const planned = await command("plan");
    expect(planned).toMatchObject({ code: 0, stdout: expect.stringContaining("The table is not there.") });
    const ran = await command("run");
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/^ {2}rejected +2$/m);

    await using session = await openDriverSession({ accessUrl: url, account: "x", username: "SNOWLINE", password: "snowline" });
    const counted =
      "SELECT COUNT(*) AS N, COUNT(DISTINCT ORDER_ID) AS IDS, COUNT_IF(STATUS = 'cancelled') AS GONE FROM DEMO.PUBLIC.ORDERS";
    expect(await session.query(counted)).toEqual([{ N: "36", IDS: "36", GONE: "0" }]);
    const pieces = "SELECT COUNT(*) AS N FROM DEMO.PUBLIC.ORDERS WHERE PIECES IS NOT NULL AND ARRAY_SIZE(ITEMS) >= 1";
    expect(Number((await session.query(pieces))[0]!["N"])).toBeGreaterThan(0);

    expect((await command("run")).stdout).toContain("nothing was loaded twice");
    expect(await session.query(counted)).toEqual([{ N: "36", IDS: "36", GONE: "0" }]);
    expect((await command("audit")).stdout).toMatch(/^ {2}COPY +1 +0 /m);
  }, 90_000);
});
