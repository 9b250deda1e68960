import { pino } from "pino";
import { expect, test } from "vitest";
import { stopInOrder } from "../../../operator/control/stop-in-order.ts";
import { FakeClock, settle } from "./fake-clock.ts";

test("each step begins when the one before has ended, failed or taken too long", async () => {
  const clock = new FakeClock();
  const done: string[] = [];
  const lines: { readonly step: string; readonly msg: string }[] = [];
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line) as (typeof lines)[number]) });
  const gate = Promise.withResolvers<void>();
  const ended = stopInOrder(
    [
      { name: "intake", boundMs: 100, stop: () => void done.push("intake") },
      { name: "controllers", boundMs: 100, stop: () => gate.promise.then(() => done.push("controllers")) },
      { name: "status", boundMs: 100, stop: () => Promise.reject(new Error("no")) },
      { name: "events", boundMs: 100, stop: () => new Promise<never>(() => {}) },
      { name: "lease", boundMs: 100, stop: () => void done.push("lease") },
    ],
    { clock, log },
  );
  await settle();
  expect(done).toEqual(["intake"]);
  gate.resolve();
  await clock.advance(99);
  expect(done).toEqual(["intake", "controllers"]);
  await clock.advance(1);
  await ended;
  expect(done).toEqual(["intake", "controllers", "lease"]);
  expect(lines).toMatchObject([
    { step: "status", msg: "stopping failed; left behind" },
    { step: "events", msg: "stopping takes too long; left behind" },
  ]);
  expect(clock.waiting).toBe(0);
});
