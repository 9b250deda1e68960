import { describe, expect, it } from "vitest";
import { readWindows, type Window } from "../../../cli/audit/windows.ts";

/** A history that gives the first `max` of its entries in a window. */
const history =
  (times: readonly number[], max: number, asked: Window[] = []) =>
  (window: Window): Promise<readonly number[]> => {
    asked.push(window);
    return Promise.resolve(times.filter((time) => time >= window.fromMs && time < window.toMs).slice(0, max));
  };
const hour = 3_600_000;

describe("a history that gives only so many entries at a time", () => {
  it("is read in one piece where they fit", async () => {
    const asked: Window[] = [];
    const answer = await readWindows({ fromMs: 0, toMs: hour }, 10, history([1, 2, 3], 10, asked));
    expect(answer).toEqual({ entries: [1, 2, 3], complete: true });
    expect(asked).toHaveLength(1);
  });

  it("is read in halves until they fit, each entry once and in order", async () => {
    const times = Array.from({ length: 1000 }, (_, index) => index * 3_600);
    const answer = await readWindows({ fromMs: 0, toMs: hour }, 100, history(times, 100));
    expect(answer).toEqual({ entries: times, complete: true });
  });

  it("says that it is not whole where a minute has too many", async () => {
    const times = Array.from({ length: 50 }, (_, index) => index);
    const answer = await readWindows({ fromMs: 0, toMs: hour }, 10, history(times, 10));
    expect(answer).toEqual({ entries: times.slice(0, 10), complete: false });
  });

  it("is given up after 200 calls", async () => {
    const asked: Window[] = [];
    const times = Array.from({ length: 100_000 }, (_, index) => index * 6000);
    const answer = await readWindows({ fromMs: 0, toMs: 168 * hour }, 10, history(times, 10, asked));
    expect(answer.complete).toBe(false);
    expect(asked).toHaveLength(200);
  });
});
