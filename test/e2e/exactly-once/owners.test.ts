import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Lives, type RunningLife } from "./lives.ts";
import { type Contest, openContest } from "./owners.ts";
import { seeded, seedOfRun } from "./random.ts";

const givenUp = /batch given up: splits have another owner/;

async function expectTopic(contest: Contest): Promise<void> {
  await contest.arrived();
  expect(await contest.table()).toEqual(contest.expected());
  expect(await contest.letters()).toEqual(contest.expectedLetters());
}

test.each([
  { operation: "link", call: "write", when: "before" },
  { operation: "link", call: "write", when: "after" },
  { operation: "rename", call: "write", when: "before" },
] as const)(
  "a process that is paused $when $operation in its $call and wakes up as a zombie changes nothing",
  async ({ operation, call, when }) => {
    await using contest = await openContest(4);
    await using lives = new Lives();
    await contest.produce(300);
    const failpoint = { effect: 5, when, insideMicros: 0, signal: "SIGSTOP", only: { operation, call } } as const;
    const zombie = await lives.begin({ ...contest.life, failpoint });
    await zombie.said(/effect 5/);
    const heir = await lives.begin(contest.life);
    await expectTopic(contest);
    zombie.signal("SIGCONT");
    // Alone in the group's eyes it is wrong: what it still holds must be refused.
    await zombie.said(givenUp);
    await contest.produce(300);
    await expectTopic(contest);
    for (const life of [zombie, heir]) life.signal("SIGTERM");
    expect([(await zombie.death).endedBy, (await heir.death).endedBy]).toEqual(["stopped", "stopped"]);
    expect(await contest.table()).toEqual(contest.expected());
  },
  180_000,
);

/** Rebalances of one seeded run. */
const rebalances = 12;

test("consumers that join, leave, die and freeze while records arrive lose and double nothing", async () => {
  const seed = seedOfRun();
  const random = seeded(seed);
  await using contest = await openContest(6);
  await using lives = new Lives();
  const running: RunningLife[] = [await lives.begin(contest.life), await lives.begin(contest.life)];
  const happened: string[] = [];
  for (let step = 0; step < rebalances; step++) {
    await contest.produce(random.integer(20, 200));
    const life = running.splice(random.integer(0, running.length - 1), 1)[0]!;
    const what = random.pick(["SIGKILL", "SIGTERM", "freeze", "long freeze"] as const);
    happened.push(what);
    if (what === "SIGKILL" || what === "SIGTERM") {
      life.signal(what);
      expect((await life.death).endedBy).toBe(what === "SIGTERM" ? "stopped" : null);
    } else {
      life.signal("SIGSTOP");
      await sleep(what === "freeze" ? random.integer(50, 1500) : 7500);
      life.signal("SIGCONT");
      running.push(life);
    }
    while (running.length < 2) running.push(await lives.begin(contest.life));
    await sleep(random.integer(0, 1500));
  }
  process.stdout.write(`seed ${seed}: ${happened.join(", ")}\n`);
  await expectTopic(contest);
  for (const life of running) life.signal("SIGTERM");
  for (const life of running) expect((await life.death).endedBy).toBe("stopped");
  expect(await contest.table()).toEqual(contest.expected());
}, 300_000);
