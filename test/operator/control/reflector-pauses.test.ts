import { describe, expect, it } from "vitest";
import { failuresAfter, pauseAfter, watchSeconds } from "../../../operator/control/reflector-pauses.ts";
import { ApiError } from "../../../operator/kube/api-error.ts";

const expired = new ApiError("too old", { code: 410, reason: "Expired" });
const busy = (retryAfterMs: number) => new ApiError("busy", { code: 429, reason: "TooManyRequests", retryAfterMs });
const lost = new Error("socket closed");
const ending = (error: unknown, lastedMs = 0, heard = false) => ({ error, lastedMs, heard });

describe("failures in a row", () => {
  it.each<[string, number, ReturnType<typeof ending>, number]>([
    ["a watch that the server ended after a while is none", 3, ending(null, 400_000), 0],
    ["a short watch with events is none", 3, ending(null, 10, true), 0],
    ["a watch that ends at once and says nothing is one", 3, ending(null, 10), 4],
    ["an error is one", 3, ending(lost, 10, true), 4],
    ["an error after a long watch is the first", 3, ending(lost, 30_001, true), 1],
  ])("%s", (_name, before, end, after) => {
    expect(failuresAfter(before, end)).toBe(after);
  });
});

describe("the pause", () => {
  it("doubles from 0.8 to 30 seconds; its upper half is random", () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7, 60].map((failures) => pauseAfter(failures, ending(lost), 0));
    expect(pauses).toEqual([400, 800, 1600, 3200, 6400, 12_800, 15_000, 15_000]);
    expect(pauseAfter(1, ending(lost), 0.999)).toBeCloseTo(800, -1);
  });

  it.each<[string, number, unknown, number]>([
    ["none where there was no failure", 0, null, 0],
    ["none before the first list after a version that is too old", 1, expired, 0],
    ["an ordinary one if the version is too old again", 2, expired, 800],
    ["as long as the server asks", 1, busy(5_000), 5_000],
    ["its own where that is longer", 3, busy(1_000), 1_600],
    ["a minute at most", 1, busy(3_600_000), 60_000],
  ])("is %s", (_name, failures, error, pause) => {
    expect(pauseAfter(failures, ending(error), 0)).toBe(pause);
  });
});

it("a watch lasts 5 to 10 minutes", () => {
  expect([watchSeconds(0), watchSeconds(0.5), watchSeconds(0.999)]).toEqual([300, 450, 599]);
});
