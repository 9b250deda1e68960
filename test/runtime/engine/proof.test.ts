import { expect, test } from "vitest";
import { NotConnected } from "../../../runtime/component/errors.ts";
import { proofOf, splitlessMsMin, type Standing } from "../../../runtime/engine/proof.ts";
import { briefStatus } from "../../../runtime/http/brief-status.ts";
import { health } from "../../../runtime/http/health.ts";
import { Stage } from "./fakes/stage.ts";

const split = (records: number | null) => ({ split: "orders/0", topic: "orders", partition: 0, records, seconds: null });
const standing: Standing = {
  started: true,
  totals: { batches: 0, recordsLoaded: 0, recordsRejected: 0 },
  owned: 1,
  lag: [split(5)],
  splitlessMs: null,
};

test.each<[string, Partial<Standing>, string]>([
  ["has records before it", {}, "waiting"],
  ["has not started", { started: false, owned: 0, lag: [] }, "waiting"],
  ["does not know where its split ends", { lag: [split(null)] }, "waiting"],
  ["has nothing to load", { lag: [split(0)] }, "caughtUp"],
  ["has caught up with one split of two", { owned: 2, lag: [split(0), split(1)] }, "waiting"],
  ["could open one split of two", { owned: 2, lag: [split(0)] }, "waiting"],
  ["got no split just now", { owned: 0, lag: [], splitlessMs: splitlessMsMin - 1 }, "waiting"],
  ["got no split for a while", { owned: 0, lag: [], splitlessMs: splitlessMsMin }, "noSplit"],
  ["loaded a batch", { totals: { batches: 1, recordsLoaded: 9, recordsRejected: 8 } }, "loaded"],
  ["loaded positions only", { totals: { batches: 1, recordsLoaded: 0, recordsRejected: 0 } }, "loaded"],
  ["rejected every record", { totals: { batches: 3, recordsLoaded: 9, recordsRejected: 9 } }, "rejecting"],
  [
    "rejected every record and caught up",
    { lag: [split(0)], totals: { batches: 3, recordsLoaded: 9, recordsRejected: 9 } },
    "rejecting",
  ],
])("a pod that %s has shown what it has", (_what, part, kind) => {
  expect(proofOf({ ...standing, ...part }).kind).toBe(kind);
});

const ready = (stage: Stage) => health("ready", stage.report.status());

test("a pod is ready once it has loaded a batch, and an owner's hour does not hold it back", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 3);
  const running = stage.run({ batch: { bytesMax: 1_000_000, recordsMax: 100, everyMs: 3_600_000 } });
  await stage.clock.advance(4999);
  expect(stage.condition("Ready")?.status).toBe("True");
  expect(ready(stage)).toEqual({ ok: false, message: "no batch is loaded yet" });
  await stage.clock.advance(1);
  expect(ready(stage)).toEqual({ ok: true, message: "a batch is loaded" });
  stage.produce("orders/0", 1);
  await stage.clock.advance(3_599_000);
  expect(stage.report.totals.batches).toBe(1);
  await stage.clock.advance(1000);
  expect(stage.report.totals.batches).toBe(2);
  stage.stop.abort();
  await running;
});

test("a pod with nothing to load is ready, and keeps its first records as long as its owner says", async () => {
  const stage = new Stage();
  stage.topics.add("orders/0");
  const running = stage.run({ batch: { bytesMax: 1_000_000, recordsMax: 100, everyMs: 60_000 } });
  await stage.clock.advance(1000);
  expect(ready(stage)).toEqual({ ok: true, message: "there is nothing to load" });
  stage.produce("orders/0", 1);
  await stage.clock.advance(59_000);
  expect(stage.report.totals.batches).toBe(0);
  expect(stage.report.status()).toMatchObject({ proven: true, proof: { kind: "caughtUp" } });
  stage.stop.abort();
  await running;
});

test("a pod that rejects every record is not ready until one passes, and stays so when the next do not", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 4, () => ({ bad: true }));
  const running = stage.run();
  await stage.clock.advance(10_000);
  expect(stage.report.totals.recordsRejected).toBe(4);
  expect(ready(stage)).toEqual({ ok: false, message: "no row is loaded yet: all 4 records so far were rejected" });
  stage.produce("orders/0", 1);
  await stage.clock.advance(5000);
  expect(ready(stage)).toMatchObject({ ok: true });
  stage.produce("orders/0", 100, () => ({ bad: true }));
  await stage.clock.advance(10_000);
  expect(ready(stage)).toMatchObject({ ok: true });
  stage.stop.abort();
  await running;
});

test("a pod without a split stands by once that has lasted, and has to show that it works when it gets one", async () => {
  const stage = new Stage();
  stage.topics.add("orders/0");
  stage.source.assign([]);
  const running = stage.run();
  await stage.clock.advance(splitlessMsMin - 1000);
  expect(ready(stage).ok).toBe(false);
  await stage.clock.advance(1000);
  expect(ready(stage)).toEqual({ ok: true, message: "there is no split for this pod: it stands by" });
  stage.produce("orders/0", 2);
  stage.source.assign(["orders/0"]);
  await stage.clock.advance(4000);
  expect(ready(stage)).toEqual({ ok: false, message: "no batch is loaded yet" });
  await stage.clock.advance(1000);
  expect(ready(stage)).toEqual({ ok: true, message: "a batch is loaded" });
  stage.source.assign([]);
  await stage.clock.advance(1000);
  expect(ready(stage).ok).toBe(true);
  stage.stop.abort();
  await running;
});

test("a split that cannot be opened is no missing split", async () => {
  const stage = new Stage();
  stage.topics.add("orders/0");
  for (let failure = 0; failure < 100; failure++)
    stage.source.failures.push({ in: "open", error: new NotConnected("orders/0: no leader") });
  const running = stage.run();
  await stage.clock.advance(splitlessMsMin * 2);
  expect(stage.report.status()).toMatchObject({ proven: false, proof: { kind: "waiting" } });
  stage.stop.abort();
  await stage.clock.advance(60_000);
  await running;
});

test("a pod that was good and lost its connection is unready, and ready again without another batch", async () => {
  const stage = new Stage();
  stage.produce("orders/0", 3);
  const running = stage.run();
  await stage.clock.advance(5000);
  expect(ready(stage).ok).toBe(true);
  stage.source.failures.push({ in: "read", error: new NotConnected("broker: connection refused") });
  stage.topics.wake();
  await stage.clock.advance(1);
  expect(ready(stage)).toEqual({ ok: false, message: expect.stringContaining("connection refused") as string });
  await stage.clock.advance(60_000);
  expect(ready(stage).ok).toBe(true);
  expect(stage.report.totals.batches).toBe(1);
  stage.stop.abort();
  await running;
});

test("a brief status has the number of splits in place of them", () => {
  const status = new Stage().report.status();
  const splits = Array.from({ length: 5000 }, (_, partition) => ({ ...split(partition), partition }));
  const brief = briefStatus({ ...status, splits });
  expect(brief).toEqual({ ...status, splits: 5000 });
  expect(JSON.stringify(brief).length).toBeLessThan(4000);
});
