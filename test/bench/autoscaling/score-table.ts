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

/** A Markdown table: a line for each contestant, a column for each trace, and the total; in each cell seconds over target, pod hours and rebalances. */
export function scoreTable(scores: readonly Score[]): string {
  const names = [...new Set(scores.map(({ contestant }) => contestant))];
  const traces = [...new Set(scores.map(({ trace }) => trace))];
  const lines = names.map((name) => {
    const of = scores.filter(({ contestant }) => contestant === name);
    const cells = traces.map((trace) => cell(of.find((score) => score.trace === trace)!.outcome));
    return [name, ...cells, cell(totalOf(of))];
  });
  const head = ["s over target · pod h · rebalances", ...traces.map(({ name }) => name), "total"];
  return [head, ["---", ...head.slice(1).map(() => "--:")], ...lines].map((line) => `| ${line.join(" | ")} |`).join("\n");
}

const cell = ({ secondsOverTarget, replicaHours, rebalances }: Outcome): string =>
  `${secondsOverTarget.toLocaleString("en-US")} · ${replicaHours.toFixed(0)} · ${rebalances.toLocaleString("en-US")}`;
