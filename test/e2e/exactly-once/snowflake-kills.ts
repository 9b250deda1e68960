import { expect, test } from "vitest";
import { openTestAccount } from "../../snowflake/open-test-account.ts";
import { deathsText, killAgainAndAgain } from "./kill.ts";
import { seeded, seedOfRun } from "./random.ts";
import { armMishaps, snowflakeSubject, ways } from "./snowflake-subject.ts";

/** Cuts `kills` lives of each way into Snowflake short; a life takes seconds, most of them waiting. */
export function snowflakeKills(kills: number): void {
  test.concurrent.each(Object.entries(ways))(
    `the table in Snowflake (%s) equals the topic after ${kills} kills between the bytes of its requests, with faults of the server`,
    async (name, way) => {
      const seed = seedOfRun();
      await using account = await openTestAccount();
      process.stdout.write(`${name}: ${account.what}\n`);
      armMishaps(account, seeded(seed));
      const deaths = await killAgainAndAgain(snowflakeSubject(account, way), { seed, kills });
      expect(deaths.kills).toBeGreaterThanOrEqual(kills);
      process.stdout.write(`${deathsText(`Snowflake, ${name}`, seed, deaths)}\n`);
    },
    3_600_000,
  );
}
