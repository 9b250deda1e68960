import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RunProgress } from "../../../cli/run/progress-text.ts";
import { ProgressWatch } from "../../../cli/run/progress-watch.ts";

const start: RunProgress = {
  recordsRead: 0,
  rowsLoaded: 0,
  recordsRejected: 0,
  lagRecords: null,
  lagSeconds: null,
  waitsFor: "starting",
};
const running: RunProgress = {
  recordsRead: 1000,
  rowsLoaded: 900,
  recordsRejected: 0,
  lagRecords: 50,
  lagSeconds: 2,
  waitsFor: null,
};

function watchOn(isTTY: boolean) {
  const writes: string[] = [];
  const state = { progress: start };
  const watch = new ProgressWatch({
    name: "orders",
    output: { write: (text) => writes.push(text), isTTY, columns: 60 },
    now: () => Date.now(),
  });
  watch.follow(() => state.progress);
  return { watch, writes, state };
}

describe("ProgressWatch", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("redraws one line on a terminal, keeps log lines above it and takes it away at the end", () => {
    const { watch, writes, state } = watchOn(true);
    vi.advanceTimersByTime(100);
    state.progress = running;
    vi.advanceTimersByTime(100);
    watch.write("a log line\n");
    watch[Symbol.dispose]();
    vi.advanceTimersByTime(1000);
    expect(writes).toEqual([
      "\r⠋ orders  starting\u001B[K",
      "\r⠙ orders  1,000 read · 900 loaded · lag 50 (2 s) · 10,000/s\u001B[K",
      "\r\u001B[Ka log line\n⠙ orders  1,000 read · 900 loaded · lag 50 (2 s) · 10,000/s",
      "\r\u001B[K",
    ]);
  });

  it("writes a line every five seconds elsewhere, and none while nothing changes", () => {
    const { watch, writes, state } = watchOn(false);
    vi.advanceTimersByTime(5000);
    state.progress = running;
    vi.advanceTimersByTime(20_000);
    watch.write("a log line\n");
    watch[Symbol.dispose]();
    vi.advanceTimersByTime(20_000);
    expect(writes[0]).toBe("orders: starting\n");
    expect(writes[1]).toBe("orders: 1,000 read, 900 loaded, lag 50 (2 s), 200/s\n");
    expect(writes.filter((line) => line.endsWith("50 (2 s), 0/s\n"))).toHaveLength(1);
    expect(writes.at(-1)).toBe("a log line\n");
  });
});
