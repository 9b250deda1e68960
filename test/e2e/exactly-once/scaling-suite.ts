import { test } from "vitest";
import { openTestAccount } from "../../snowflake/open-test-account.ts";
import { seeded, seedOfRun } from "./random.ts";
import { scaleAtRandom, scaledText } from "./scaling.ts";
import { armMishaps, snowflakeSubject, ways } from "./snowflake-subject.ts";

/** Longest one sink may take, in milliseconds: a step takes seconds. */
const timeoutMs = 3_600_000;

/** Scales a pipeline at random into each of these sinks, all at once: `files`, and the ways into Snowflake by name. */
export function scalingSuite({ steps, names }: { readonly steps: number; readonly names: readonly string[] }): void {
  test.concurrent.each(names)(
    `the table (%s) equals the topic after ${steps} random changes of the number of pods, by SIGTERM and kill -9, while records arrive`,
    async (name) => {
      const seed = seedOfRun();
      const way = ways[name];
      if (way === undefined) {
        process.stdout.write(`${scaledText(name, await scaleAtRandom(null, { seed, steps }))}\n`);
        return;
      }
      await using account = await openTestAccount();
      armMishaps(account, seeded(seed));
      const scaled = await scaleAtRandom(snowflakeSubject(account, way), { seed, steps });
      process.stdout.write(`${scaledText(`Snowflake, ${name}`, scaled)}\n`);
    },
    timeoutMs,
  );
}
