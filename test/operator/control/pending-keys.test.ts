import { expect, test } from "vitest";
import { createPendingKeys, pendingKey } from "../../../operator/control/pending-keys.ts";
import { FakeClock } from "./fake-clock.ts";

test("a delay that was set while the key was worked on is kept once", () => {
  const clock = new FakeClock();
  let ready = 0;
  let isRunning = true;
  const pending = createPendingKeys({ clock, isRunning: () => isRunning, onReady: () => (ready += 1) });
  const one = pendingKey({ namespace: "a", name: "1" }, 100, "change");
  pending.schedule(one);
  isRunning = false;
  pending.resume(one.text);
  clock.skip(200);
  expect(ready).toBe(1);
  expect(pending.take()?.text).toBe("a/1");
});
