import { describe, expect, it } from "vitest";
import { contestants } from "../../bench/autoscaling/contestants.ts";
import { type Score, totalOf } from "../../bench/autoscaling/score-table.ts";
import { simulate } from "../../bench/autoscaling/simulate.ts";
import { traces } from "../../bench/autoscaling/traces.ts";

const scores: readonly Score[] = traces.flatMap((trace) =>
  contestants.map((contestant) => ({ trace, contestant: contestant.name, outcome: simulate(trace, contestant) })),
);
const ours = (score: Score): boolean => score.contestant === "Snowline";
const others = contestants.slice(1).map(({ name }) => name);
const totals = (name: string) => totalOf(scores.filter(({ contestant }) => contestant === name));

describe("the bench of autoscalers", () => {
  it.each(traces.filter(({ name }) => name !== "skewed"))(
    "is behind for no longer than the best of the others: $name",
    ({ name }) => {
      const over = scores.filter(({ trace }) => trace.name === name);
      const best = Math.min(...over.filter((score) => !ours(score)).map(({ outcome }) => outcome.secondsOverTarget));
      expect(over.find(ours)!.outcome.secondsOverTarget).toBeLessThanOrEqual(best);
    },
  );

  // Who runs a pod for each partition all the time, as KEDA's default does, has a hot partition alone before it is hot.
  it("is behind hardly longer than who always runs all pods where a partition is hot", () => {
    const over = scores.filter(({ trace }) => trace.name === "skewed");
    const best = Math.min(...over.filter((score) => !ours(score)).map(({ outcome }) => outcome.secondsOverTarget));
    const { outcome } = over.find(ours)!;
    expect(outcome.secondsOverTarget).toBeLessThanOrEqual(best * 1.03);
    expect(outcome.replicaHours).toBeLessThan(
      0.6 *
        Math.min(
          ...over.filter(({ outcome: one }) => one.secondsOverTarget === best).map(({ outcome: one }) => one.replicaHours),
        ),
    );
  });

  it("is behind for less time in all than each of the others", () => {
    const mine = totals("Snowline").secondsOverTarget;
    for (const name of others) expect(mine, name).toBeLessThan(totals(name).secondsOverTarget);
  });

  it("takes fewer pod hours and fewer rebalances than the best of the others, and at most a fifth more pods than who is behind for hours", () => {
    const mine = totals("Snowline");
    const best = others.map(totals).toSorted((a, b) => a.secondsOverTarget - b.secondsOverTarget)[0]!;
    expect(mine.replicaHours).toBeLessThan(0.6 * best.replicaHours);
    expect(mine.rebalances).toBeLessThan(best.rebalances);
    expect(mine.replicaHours).toBeLessThan(1.2 * Math.min(...others.map((name) => totals(name).replicaHours)));
  });

  it("comes to the same each time", () => {
    const { trace, outcome } = scores.find(ours)!;
    expect(simulate(trace, contestants[0]!)).toEqual(outcome);
  });
});
