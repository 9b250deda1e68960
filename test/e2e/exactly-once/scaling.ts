import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { KillSubject } from "./kill.ts";
import { Lives, type RunningLife } from "./lives.ts";
import { type Contest, openContest } from "./owners.ts";
import { type Random, seeded } from "./random.ts";

const partitions = 6;
const podsMax = 5;
/** Records that arrive in each partition meanwhile: some thousands in all, so that each step finds batches on their way. */
const recordsMax = 60;
/** Longest time between two steps: most come while the group still settles from the one before. */
const pauseMsMax = 2500;

/** How many pods there are to be, and how it comes about. */
interface Change {
  readonly to: number;
  /** How those end that are too many, or one that is replaced. */
  readonly by: "SIGTERM" | "SIGKILL";
}

/** What happened, for the reader of the test's output. */
export interface Scaled {
  readonly seed: number;
  /** Such as `3 4 -1`: pods after each step; with a minus where one was killed. */
  readonly steps: readonly string[];
  readonly rows: number;
}

/** Changes the number of pods `steps` times at random while records arrive. The table must equal the topic, record by record. */
export async function scaleAtRandom(
  subject: KillSubject | null,
  { seed, steps }: { seed: number; steps: number },
): Promise<Scaled> {
  const random = seeded(seed);
  await using contest = await openContest(partitions, subject === null ? undefined : (directory) => subject.open(directory));
  await using lives = new Lives(subject?.preloaded ?? []);
  const running: RunningLife[] = [];
  const told: string[] = [];
  try {
    for (let step = 0; step < steps; step++) {
      await contest.produce(random.integer(1, recordsMax));
      const change: Change = { to: random.integer(1, podsMax), by: random.pick(["SIGTERM", "SIGKILL"]) };
      await scale(running, change, { contest, lives, random });
      told.push(change.by === "SIGKILL" ? `-${change.to}` : `${change.to}`);
      await sleep(random.integer(0, pauseMsMax));
    }
    await contest.arrived();
    expect(await contest.table()).toEqual(contest.expected());
    expect(await contest.letters()).toEqual(contest.expectedLetters());
    for (const life of running) life.signal("SIGTERM");
    for (const life of running) expect((await life.death).endedBy).toBe("stopped");
    expect(await contest.table()).toEqual(contest.expected());
    return { seed, steps: told, rows: contest.expected().length };
  } catch (error) {
    throw new Error(`seed ${seed}, after ${told.join(" ")}: replay with SNOWLINE_SEED=${seed}`, { cause: error });
  }
}

/** What happened, in a line. */
export function scaledText(name: string, { seed, steps, rows }: Scaled): string {
  return `${name}: seed ${seed}: ${rows} rows while there were ${steps.join(", ")} pods`;
}

interface Surroundings {
  readonly contest: Contest;
  readonly lives: Lives;
  readonly random: Random;
}

/** Ends and begins pods until there are as many as wanted; where that is as many as there are, one is replaced. */
async function scale(running: RunningLife[], { to, by }: Change, { contest, lives, random }: Surroundings): Promise<void> {
  const ends = running.length === to ? 1 : Math.max(running.length - to, 0);
  const ending = Array.from({ length: ends }, () => running.splice(random.integer(0, running.length - 1), 1)[0]!);
  for (const life of ending) life.signal(by);
  while (running.length < to) running.push(await lives.begin(contest.life));
  // Killed ones are gone at once; those that drain may still do so while the next step begins.
  if (by === "SIGKILL") return;
  await Promise.all(ending.map(async (life) => expect((await life.death).endedBy).toBe("stopped")));
}
