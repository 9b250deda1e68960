/** One thing that has to hold. */
export interface Check {
  /** As in the path `/readyz/caches`. */
  readonly name: string;
  /** What is wrong, in a sentence; null where all is well. Quick: it asks what is in memory. What it throws is wrong, too. */
  check(): string | null;
}

/** What a probe is answered. */
export interface Verdict {
  readonly ok: boolean;
  /** A line per check, as the API server's own probes have them. */
  readonly text: string;
}

/** Runs the checks, all of them. */
export function judge(probe: string, checks: readonly Check[]): Verdict {
  const results = checks.map(({ name, check }) => ({ name, wrong: wrongOf(check) }));
  const ok = results.every(({ wrong }) => wrong === null);
  const lines = results.map(({ name, wrong }) => (wrong === null ? `[+]${name} ok` : `[-]${name} failed: ${wrong}`));
  return { ok, text: [...lines, `${probe} check ${ok ? "passed" : "failed"}`, ""].join("\n") };
}

function wrongOf(check: () => string | null): string | null {
  try {
    return check();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Silence, compared with the watch that was heard last, after which a watch counts as dead, in milliseconds: many times its own bound. */
const silentMsMax = 900_000;

/**
 * For liveness: no watch is silent while others hear of the API server. When all are silent the API server is away, and a
 * restart of ours does not mend that.
 */
export function watchesAlive(watches: Readonly<Record<string, { lastContactMs(): number }>>): Check {
  return {
    name: "watches",
    check: () => {
      const contacts = Object.entries(watches).map(([resource, watch]) => ({ resource, lastMs: watch.lastContactMs() }));
      const latestMs = Math.max(...contacts.map(({ lastMs }) => lastMs));
      const silent = contacts.filter(({ lastMs }) => latestMs - lastMs > silentMsMax);
      if (silent.length === 0) return null;
      const texts = silent.map(({ resource, lastMs }) => `${resource} for ${Math.round((latestMs - lastMs) / 1000)} s`);
      return `silent while others are not: ${texts.join(", ")}`;
    },
  };
}

/** Deadlines that a reconcile may be past before it counts as stuck: an abort and what it cleans up take a while. */
const deadlinesMax = 3;

/** For liveness: no reconcile goes on far beyond its deadline, which it was told of. */
export function workersMove(
  controllers: Readonly<
    Record<string, { snapshot(): { readonly runningSeconds: readonly number[] }; readonly deadlineMs: number }>
  >,
): Check {
  return {
    name: "workers",
    check: () => {
      const stuck = Object.entries(controllers).flatMap(([name, { snapshot, deadlineMs }]) => {
        const seconds = Math.max(0, ...snapshot().runningSeconds);
        return seconds * 1000 > deadlinesMax * deadlineMs ? [`${name} for ${Math.round(seconds)} s`] : [];
      });
      return stuck.length === 0 ? null : `a reconcile ignores its deadline: ${stuck.join(", ")}`;
    },
  };
}
