import { expect, test } from "vitest";
import { type Random, seeded } from "../../e2e/exactly-once/random.ts";
import { Stage } from "./fakes/stage.ts";

const splits = ["orders/0", "orders/1"];
const bounds = { overSeconds: 60, atLeastRecords: 50, stopAbove: 0.3 };
const seeds = process.env["SNOWLINE_SEED"] === undefined ? 40 : 1;
const firstSeed = Number(process.env["SNOWLINE_SEED"] ?? 1);
const chance = (random: Random, part: number): boolean => random.next() < part;
/** Processes of one scenario, at most. */
const startsMax = 60;

/** Records of which some stretches are bad throughout, and others hardly. */
function produce(stage: Stage, random: Random): void {
  for (const split of splits) {
    for (let stretch = 0; stretch < 6; stretch++) {
      const badPart = chance(random, 0.4) ? 1 : chance(random, 0.5) ? 0.1 : 0;
      stage.produce(split, random.integer(5, 60), () => (chance(random, badPart) ? { bad: true } : {}));
    }
  }
}

const placesOf = (stage: Stage, bad: boolean): string[] =>
  splits.flatMap((split) =>
    stage.topics.splits
      .get(split)!
      .records.flatMap(({ value }, n) => (value!.includes('"bad"') === bad ? [`${split}:${n}`] : [])),
  );
const lettersOf = (stages: readonly Stage[]): Set<string> =>
  new Set(
    stages.flatMap(({ deadLetters }) =>
      deadLetters.letters.map(({ topic, partition, offset }) => `${topic}/${partition}:${offset}`),
    ),
  );

/** Scenarios that came to a stop: were there none, this would show nothing. */
let stops = 0;

test.each(Array.from({ length: seeds }, (_, index) => firstSeed + index))(
  "pods that are stopped, started and disturbed lose and double nothing, gathering or stopping at a bound (SNOWLINE_SEED=%i)",
  async (seed) => {
    const random = seeded(seed);
    let stage = new Stage();
    produce(stage, random);
    const stages = [stage];
    let stopped = false;
    let caughtUp = false;
    for (let start = 0; start < startsMax && !stopped && !caughtUp; start++) {
      const recordsMax = random.integer(10, 200);
      if (chance(random, 0.3)) stage.sink.failures.push(chance(random, 0.5) ? "before" : "after");
      const last = start === startsMax - 1;
      const running = stage.run({
        rejectedBounds: bounds,
        until: last || chance(random, 0.3) ? "caughtUp" : "stopped",
        batch: { bytesMax: 1_000_000, recordsMax, everyMs: 5000 },
      });
      await stage.clock.advance(random.integer(0, 90_000));
      if (chance(random, 0.5)) stage.stop.abort();
      await stage.clock.advance(120_000);
      stage.stop.abort();
      const { endedBy, condition } = await running;
      if (endedBy === "failed") expect(condition?.reason).toBe("TooManyRejected");
      stops += endedBy === "failed" ? 1 : 0;
      stopped = endedBy === "failed";
      caughtUp = endedBy === "caughtUp";
      if (!stopped && !caughtUp) stages.push((stage = new Stage(stage)));
    }
    // The bound is raised.
    stages.push((stage = new Stage(stage)));
    const running = stage.run({ until: "caughtUp" });
    await stage.clock.advance(120_000);
    expect(await running).toMatchObject({ endedBy: "caughtUp" });
    expect(stage.table).toEqual(placesOf(stage, false));
    expect([...lettersOf(stages)].toSorted()).toEqual(placesOf(stage, true).toSorted());
  },
);

test("some of them stopped", () => {
  if (seeds > 1) expect(stops).toBeGreaterThan(5);
});
