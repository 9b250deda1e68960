import { describe, expect, it } from "vitest";
import {
  liveProgressText,
  plainProgressText,
  progressOf,
  rateOf,
  type RunProgress,
  type Sample,
} from "../../../cli/run/progress-text.ts";

const progress: RunProgress = {
  recordsRead: 12_345,
  rowsLoaded: 12_000,
  recordsRejected: 3,
  lagRecords: 4500,
  lagSeconds: 75,
  waitsFor: null,
};

describe("progress text", () => {
  it("says on one line what was read, loaded and rejected, how far behind and how fast", () => {
    expect(plainProgressText("orders", progress, 981.4)).toBe(
      "orders: 12,345 read, 12,000 loaded, 3 rejected, lag 4,500 (1 min 15 s), 981/s",
    );
  });

  it("leaves out rejects when there are none, and the rate while it is unknown", () => {
    const caughtUp = { ...progress, recordsRejected: 0, lagRecords: 0, lagSeconds: 0 };
    expect(plainProgressText("orders", caughtUp, null)).toBe("orders: 12,345 read, 12,000 loaded, caught up");
    expect(plainProgressText("orders", { ...caughtUp, lagRecords: null, lagSeconds: null }, null)).toContain("lag unknown");
    expect(plainProgressText("orders", { ...caughtUp, recordsRead: 0 }, 0)).toBe("orders: caught up");
    expect(plainProgressText("orders", { ...caughtUp, recordsRead: 0, lagRecords: null }, 0)).toBe("orders: looking for records");
  });

  it("never gets wider than the terminal, and leaves out whole parts from the end", () => {
    const whole = liveProgressText("orders", progress, { recordsPerSecond: 981, turn: 0, width: 200 });
    expect(whole).toBe("⠋ orders  12,345 read · 12,000 loaded · 3 rejected · lag 4,500 (1 min 15 s) · 981/s");
    for (let width = 1; width <= whole.length; width++) {
      const line = liveProgressText("orders", progress, { recordsPerSecond: 981, turn: 0, width });
      expect(line.length).toBeLessThanOrEqual(width);
      expect(whole.startsWith(line)).toBe(true);
      expect(line.endsWith("·") || line.endsWith(" ")).toBe(width === 2);
    }
    expect(liveProgressText("orders", progress, { recordsPerSecond: 981, turn: 0, width: 45 })).toBe(
      "⠋ orders  12,345 read · 12,000 loaded",
    );
  });

  it("says what it waits for, cut to the width", () => {
    const waiting = { ...progress, waitsFor: "source: 127.0.0.1:9092 refuses the connection" };
    expect(plainProgressText("orders", { ...waiting, recordsRead: 0 }, null)).toBe(
      "orders: source: 127.0.0.1:9092 refuses the connection",
    );
    expect(plainProgressText("orders", waiting, null)).toMatch(
      /^orders: source: 127.0.0.1:9092 refuses the connection, 12,345 read, /,
    );
    expect(liveProgressText("orders", waiting, { recordsPerSecond: null, turn: 0, width: 30 })).toBe(
      "⠋ orders  source: 127.0.0.1:9…",
    );
  });

  it("takes from the engine's status what it waits for", () => {
    const totals = { recordsRead: 0, recordsLoaded: 0, rowsLoaded: 0, recordsRejected: 0, recordsSkipped: 0, batches: 0 };
    const lag = { records: null, seconds: null, furthestBehind: null };
    const condition = {
      type: "SourceReachable",
      status: "False",
      reason: "NotConnected",
      message: "source: gone",
      lastTransitionTime: "",
    } as const;
    expect(progressOf({ started: false, totals, lag, conditions: [] }).waitsFor).toBe("starting");
    expect(progressOf({ started: true, totals, lag, conditions: [] }).waitsFor).toBeNull();
    expect(progressOf({ started: true, totals, lag, conditions: [condition] }).waitsFor).toBe("source: gone");
    expect(
      progressOf({ started: true, totals, lag, conditions: [{ ...condition, type: "Draining", status: "True" }] }).waitsFor,
    ).toContain("draining");
  });

  it("averages the rate over the last seconds, so that a stall shows", () => {
    let samples: readonly Sample[] = [];
    const rates: (number | null)[] = [];
    for (let second = 0; second <= 12; second++) {
      const next = rateOf(samples, { atMs: second * 1000, recordsRead: Math.min(second, 5) * 100 });
      samples = next.samples;
      rates.push(next.recordsPerSecond);
    }
    expect(rates[0]).toBeNull();
    expect(rates[1]).toBe(100);
    expect(rates[5]).toBe(100);
    expect(rates[8]).toBe(40);
    expect(rates[12]).toBe(0);
    expect(samples.length).toBeLessThanOrEqual(6);
  });
});
