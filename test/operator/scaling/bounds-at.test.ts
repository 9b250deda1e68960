import { describe, expect, it } from "vitest";
import type { PipelineScaling } from "../../../crds/kinds/scaling.ts";
import { boundsAt } from "../../../operator/scaling/bounds-at.ts";
import { windowProblems } from "../../../operator/scaling/window-problems.ts";

type Window = NonNullable<PipelineScaling["windows"]>[number];
const scaling = (...windows: readonly Window[]): PipelineScaling => ({
  min: 1,
  max: 5,
  targetLagSeconds: 60,
  mode: "auto",
  scaleDownAfterSeconds: 300,
  windows: [...windows],
});
const workdays: Window = { start: "0 8 * * 1-5", end: "0 18 * * 1-5", timeZone: "Europe/Berlin", min: 3 };
const ms = (text: string): number => Date.parse(text);

describe("bounds", () => {
  it.each<readonly [string, string, readonly [number, number], string | null]>([
    ["a second before a window they are scaling's own", "2026-11-27T06:59:59.999Z", [1, 5], "2026-11-27T07:00:00Z"],
    ["from its first moment they are the window's", "2026-11-27T07:00:00.000Z", [3, 5], "2026-11-27T17:00:00Z"],
    ["to its last", "2026-11-27T16:59:59.999Z", [3, 5], "2026-11-27T17:00:00Z"],
    ["and then no more, over the weekend", "2026-11-27T17:00:00.000Z", [1, 5], "2026-11-30T07:00:00Z"],
    ["in summer an hour earlier by the sun", "2026-07-01T06:00:00.000Z", [3, 5], "2026-07-01T16:00:00Z"],
  ])("%s", (_, now, [min, max], next) => {
    expect(boundsAt(scaling(workdays), ms(now))).toMatchObject({ min, max, nextChangeMs: next === null ? null : ms(next) });
  });

  it("are those of the last window in the list that holds, by its name", () => {
    const sale: Window = { start: "0 0 27 11 *", end: "0 0 28 11 *", timeZone: "UTC", min: 5, max: 20 };
    const at = ms("2026-11-27T10:00:00Z");
    expect(boundsAt(scaling(workdays, sale), at)).toMatchObject({ min: 5, max: 20, window: "0 0 27 11 * to 0 0 28 11 * UTC" });
    expect(boundsAt(scaling(sale, workdays), at)).toMatchObject({
      min: 3,
      max: 5,
      window: "0 8 * * 1-5 to 0 18 * * 1-5 Europe/Berlin",
    });
  });

  it("hold where a window's begin falls into the hour that summer time leaves out, and end once where that hour comes twice", () => {
    const night: Window = { start: "30 2 * * *", end: "30 4 * * *", timeZone: "Europe/Berlin", min: 4 };
    expect(boundsAt(scaling(night), ms("2026-03-29T00:59:59Z")).min).toBe(1);
    expect(boundsAt(scaling(night), ms("2026-03-29T01:30:00Z")).min).toBe(4);
    const autumn: Window = { start: "0 1 * * *", end: "30 2 * * *", timeZone: "Europe/Berlin", min: 4 };
    expect(boundsAt(scaling(autumn), ms("2026-10-25T00:15:00Z")).min).toBe(4);
    expect(boundsAt(scaling(autumn), ms("2026-10-25T00:45:00Z")).min).toBe(1);
    expect(boundsAt(scaling(autumn), ms("2026-10-25T01:45:00Z")).min).toBe(1);
  });

  it("are the window's own where one of them is on the wrong side of scaling's", () => {
    const always = { start: "0 0 1 1 *", end: "59 23 31 12 *", timeZone: "UTC" };
    const at = ms("2026-06-01T00:00:00Z");
    expect(boundsAt(scaling({ ...always, min: 9 }), at)).toMatchObject({ min: 9, max: 9 });
    expect(boundsAt({ ...scaling({ ...always, max: 2 }), min: 4 }, at)).toMatchObject({ min: 2, max: 2 });
  });

  it("never change without windows, and one that cannot be read never holds", () => {
    const at = ms("2026-06-01T00:00:00Z");
    expect(boundsAt({ ...scaling(), windows: undefined! }, at)).toEqual({ min: 1, max: 5, window: null, nextChangeMs: null });
    expect(boundsAt(scaling({ ...workdays, end: workdays.start }), at).min).toBe(1);
    expect(boundsAt(scaling({ ...workdays, timeZone: "Europe/Nowhere" }), at)).toMatchObject({
      min: 1,
      window: null,
      nextChangeMs: null,
    });
  });
});

describe("what is wrong with a window", () => {
  it.each<readonly [string, Partial<Window>, readonly string[]]>([
    ["nothing, where nothing is", {}, []],
    [
      "an hour that there is not",
      { start: "0 25 * * *" },
      ['spec.scaling.windows[0].start: "0 25 * * *" is no cron expression (Invalid value for hour: 25): write minute, hour'],
    ],
    ["a field too few", { end: "0 8 * *" }, ['spec.scaling.windows[0].end: "0 8 * *" has 4 fields: write five']],
    ["a field for seconds", { end: "0 0 8 * * *" }, ['spec.scaling.windows[0].end: "0 0 8 * * *" has 6 fields: write five']],
    [
      "a date that never comes",
      { start: "0 0 30 2 *" },
      ['spec.scaling.windows[0].start: "0 0 30 2 *" is a date that never comes'],
    ],
    [
      "another time each time it is read",
      { start: "? 8 * * *" },
      ['spec.scaling.windows[0].start: "? 8 * * *" is no cron expression'],
    ],
    [
      "a time zone that nobody knows",
      { timeZone: "Europe/Nowhere" },
      ['spec.scaling.windows[0].timeZone: "Europe/Nowhere" is no time zone: write an IANA name such as `Europe/Berlin`'],
    ],
    ["an end at its begin", { end: "0 8 * * 1-5" }, ['spec.scaling.windows[0].end: "0 8 * * 1-5" is when it begins, too']],
  ])("is told: %s", (_, part, wanted) => {
    const told = windowProblems(scaling({ ...workdays, ...part })).map(({ path, message }) => `${path}: ${message}`);
    expect(told).toEqual(wanted.map((text): string => expect.stringContaining(text) as string));
  });

  it("is told of every window", () => {
    const problems = windowProblems(scaling(workdays, { ...workdays, start: "x", timeZone: "y" }));
    expect(problems.map(({ path }) => path)).toEqual(["spec.scaling.windows[1].start", "spec.scaling.windows[1].timeZone"]);
  });
});
