import { expect, test } from "vitest";
import { measureEventLoopLag } from "../../../operator/control/event-loop-lag.ts";
import { FakeClock } from "./fake-clock.ts";

test("the lag is the latest half minute's longest lateness of a timer", async () => {
  const clock = new FakeClock();
  let lateMs = 0;
  const late = { monotonic: () => clock.monotonic(), now: () => clock.now() };
  using lag = measureEventLoopLag({ ...late, after: (delayMs, call) => clock.after(delayMs + lateMs, call) });
  await clock.advance(5_000);
  expect(lag.maxMs()).toBe(0);
  lateMs = 300;
  await clock.advance(1_000);
  lateMs = 20;
  await clock.advance(10_000);
  expect(lag.maxMs()).toBe(300);
  await clock.advance(40_000);
  expect(lag.maxMs()).toBe(20);
});
