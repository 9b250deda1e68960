import type { Outcome } from "./simulate.ts";
import type { Trace } from "./traces.ts";

/** How a contestant fared on a trace. */
export interface Score {
  readonly trace: Trace;
  readonly contestant: string;
  readonly outcome: Outcome;
}

/** Sums over traces. */
export function totalOf(scores: readonly Score[]): Outcome {
  const sum = (of: (outcome: Outcome) => number): number => scores.reduce((all, { outcome }) => all + of(outcome), 0);
  return {
    secondsOverTarget: sum((outcome) => outcome.secondsOverTarget),
    replicaHours: sum((outcome) => outcome.replicaHours),
    rebalances: sum((outcome) => outcome.rebalances),
    steps: sum((outcome) => outcome.steps),
  };
}

/** A Markdown table: a line for each trace and contestant, and for each contestant's total. */
export function scoreTable(scores: readonly Score[]): string {
  const names = [...new Set(scores.map(({ contestant }) => contestant))];
  const totals = names.map((name) => line("total", name, totalOf(scores.filter(({ contestant }) => contestant === name))));
  return [
    "| trace | autoscaler | s over target | pod hours | rebalances |",
    "| --- | --- | --: | --: | --: |",
    ...scores.map(({ trace, contestant, outcome }) => line(trace.name, contestant, outcome)),
    ...totals,
  ].join("\n");
}

const line = (trace: string, contestant: string, { secondsOverTarget, replicaHours, rebalances }: Outcome): string =>
  `| ${trace} | ${contestant} | ${secondsOverTarget} | ${replicaHours.toFixed(1)} | ${rebalances} |`;
