import { resolve } from "node:path";
import type { EngineStatus } from "../../runtime/engine/report.ts";
import type { Summary } from "../../runtime/engine/run-pipeline.ts";
import { exitCode, type ExitCode, type Shell } from "../shell.ts";
import { paintFor } from "../text.ts";
import type { Here, HereOptions } from "./here.ts";
import { deadLetterPlace, type Place, shownPath, sinkPlace, sinkText } from "./places.ts";
import { unreachable } from "./progress-text.ts";
import { summaryLines } from "./summary-text.ts";
import type { WatchedParts } from "./watch-parts.ts";

/** A run at its end. */
export interface Ended {
  /** The engine's answer, or that nobody waited for it. */
  readonly summary: Summary | "givenUp";
  readonly status: EngineStatus;
  readonly watched: WatchedParts;
  readonly seconds: number;
}

/** Writes what the run did to stdout and what went wrong to stderr, and answers how the process should end. */
export function sumUp(ended: Ended, here: Here, options: HereOptions, shell: Shell): ExitCode {
  const { summary, status, watched, seconds } = ended;
  const { spec, metadata } = here.pipeline;
  const shown = (path: string): string => shownPath(path, shell.directory);
  const letters = status.totals.recordsRejected === 0 ? null : deadLetterPlace(spec, here.path, shown);
  const metrics = options.metricsFile;
  const places: Place[] = [
    sinkPlace(spec, here.path, shown),
    ...(letters === null ? [] : [letters]),
    ...(metrics === undefined ? [] : [["metrics", shown(resolve(shell.directory, metrics))] as const]),
  ];
  const lines = summaryLines(
    {
      name: metadata.name,
      seconds,
      totals: status.totals,
      lag: status.lag,
      finished: summary !== "givenUp" && (summary.endedBy === "ended" || summary.endedBy === "caughtUp"),
      unreachable: unreachable(status.conditions),
      resumed: watched.resumed(),
      reasons: watched.reasons(),
      notices: watched.notices(),
      into: sinkText(spec),
      upsert: (spec.sink.duckdb ?? spec.sink.snowflake)?.mode.upsert !== undefined,
      places,
      ...options.words,
    },
    paintFor(shell, shell.stdout),
  );
  const failure = failureText(summary);
  const { rowsLoaded, recordsRejected } = status.totals;
  if (failure === null || rowsLoaded > 0 || recordsRejected > 0) shell.stdout.write(`${lines.join("\n")}\n`);
  if (failure === null) return exitCode.ok;
  shell.stderr.write(`${paintFor(shell, shell.stderr)("red", "snowline")}: ${metadata.name}: ${failure}\n`);
  return exitCode.failed;
}

function failureText(summary: Summary | "givenUp"): string | null {
  if (summary === "givenUp") return "stopped at once: what was not loaded is read again next time";
  if (summary.endedBy === "failed") return `stopped: ${summary.condition?.message ?? "it failed"}`;
  return summary.drained ? null : "stopped before everything that was read was loaded: the rest is read again next time";
}
