import type { Verdict } from "./compile-message.ts";

/** Verdicts by what they are about. Those not asked for the longest go first. */
export interface VerdictCache {
  get(key: string): Verdict | undefined;
  set(key: string, verdict: Verdict, holdsMs: number): void;
}

/** Keeps at most `entriesMax` verdicts, each as long as it holds. */
export function verdictCache(entriesMax: number, now: () => number): VerdictCache {
  // A Map remembers the order in which its keys came.
  const entries = new Map<string, { readonly verdict: Verdict; readonly endsMs: number }>();
  return {
    get: (key) => {
      const entry = entries.get(key);
      entries.delete(key);
      if (entry === undefined || entry.endsMs <= now()) return undefined;
      entries.set(key, entry);
      return entry.verdict;
    },
    set: (key, verdict, holdsMs) => {
      entries.delete(key);
      entries.set(key, { verdict, endsMs: now() + holdsMs });
      const [oldest] = entries.keys();
      if (entries.size > entriesMax && oldest !== undefined) entries.delete(oldest);
    },
  };
}
