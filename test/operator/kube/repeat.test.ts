import { describe, expect, it } from "vitest";
import { ApiError } from "../../../operator/kube/api-error.ts";
import { NoAnswer } from "../../../operator/kube/no-answer.ts";
import { pauseBeforeRepeat, type Repetition } from "../../../operator/kube/repeat.ts";

const status = (code: number, retryAfterMs: number | null = null) => new ApiError("no", { code, reason: "x", retryAfterMs });
const lost = (code: string) => new NoAnswer("https://server", Object.assign(new Error("lost"), { code }));
const pause = (failure: unknown, repetition: Repetition, tries = 1) =>
  pauseBeforeRepeat(failure, { tries, random: 0.5, repetition });

describe("a request is made again", () => {
  it.each([
    ["429", status(429), 500, 500],
    ["429 with Retry-After: 1, and a bit more", status(429, 1000), 1250, 1250],
    ["429 that asks for more than is waited", status(429, 60_000), null, null],
    ["401, once, with credentials read anew", status(401), 0, 0],
    ["a refused connection", lost("ECONNREFUSED"), 500, 500],
    ["a name that is not found yet", lost("ENOTFOUND"), 500, 500],
    ["a connection that never came about", lost("UND_ERR_CONNECT_TIMEOUT"), 500, 500],
    ["a connection that broke", lost("ECONNRESET"), 500, null],
    ["a socket closed by the other side", lost("UND_ERR_SOCKET"), 500, null],
    ["500", status(500), 500, null],
    ["503", status(503), 500, null],
    ["504", status(504), 500, null],
    ["400", status(400), null, null],
    ["403", status(403), null, null],
    ["404", status(404), null, null],
    ["409", status(409), null, null],
    ["410", status(410), null, null],
    ["422", status(422), null, null],
    ["a mistake of ours", new TypeError("x is not a function"), null, null],
  ])("after %s", (_name, failure, harmless, harmful) => {
    expect([pause(failure, "harmless"), pause(failure, "harmful")]).toEqual([harmless, harmful]);
  });

  it("with pauses that double, five times in all, and 401 only once", () => {
    const pauses = [1, 2, 3, 4, 5].map((tries) => pause(status(503), "harmless", tries));
    expect(pauses).toEqual([500, 1000, 2000, 4000, null]);
    expect(pause(status(401), "harmless", 2)).toBeNull();
  });
});
