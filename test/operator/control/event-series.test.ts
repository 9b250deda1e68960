import { expect, test } from "vitest";
import type { Happening } from "../../../operator/control/event-recorder.ts";
import { createEventSeries, type Series } from "../../../operator/control/event-series.ts";
import { FakeClock } from "./fake-clock.ts";

const pipeline = (name: string) => ({
  apiVersion: "x/v1",
  kind: "Pipeline",
  metadata: { namespace: "a", name, uid: `uid-${name}` },
});
const rolled: Happening = { type: "Normal", reason: "Rolling", action: "Roll", note: "to revision 1" };

function start(options: { readonly full?: boolean } = {}) {
  const clock = new FakeClock();
  const sent: [atSeconds: number, kind: string, count: number][] = [];
  const send =
    (kind: string) =>
    (one: Series): boolean => {
      if (options.full === true) return false;
      sent.push([clock.monotonic() / 1000, kind, one.count]);
      return true;
    };
  return { clock, sent, series: createEventSeries({ clock, first: send("first"), again: send("again") }) };
}

test("what repeats is written at the first repeat, then ever more rarely", () => {
  const { clock, sent, series } = start();
  const outcomes = Array.from({ length: 300 }, () => {
    const outcome = series.count(pipeline("one"), rolled);
    clock.skip(5_000);
    return outcome;
  });
  expect(outcomes.filter((outcome) => outcome === "queued")).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === "counted")).toHaveLength(299);
  expect(sent).toEqual([
    [0, "first", 1],
    [5, "again", 2],
    [15, "again", 3],
    [75, "again", 15],
    [195, "again", 39],
    [435, "again", 87],
    [915, "again", 183],
  ]);
});

test("a series that was silent for ten minutes is over, its count told, and nothing of it is left", () => {
  const { clock, sent, series } = start();
  series.count(pipeline("one"), rolled);
  clock.skip(20_000);
  series.count(pipeline("one"), rolled);
  clock.skip(30_000);
  series.count(pipeline("one"), rolled);
  clock.skip(3_600_000);
  expect(sent.at(-1)?.slice(1)).toEqual(["again", 3]);
  expect(clock.waiting).toBe(0);
  expect(series.count(pipeline("one"), rolled)).toBe("queued");
});

test("another object, reason or note is an event of its own", () => {
  const { sent, series } = start();
  series.count(pipeline("one"), rolled);
  series.count(pipeline("two"), rolled);
  series.count(pipeline("one"), { ...rolled, reason: "Scaling" });
  series.count(pipeline("one"), { ...rolled, note: "to revision 2" });
  expect(sent.map(([, kind]) => kind)).toEqual(["first", "first", "first", "first"]);
});

test("an object tells 25 at once, and one more every five minutes; others are not kept from it", () => {
  const { clock, series } = start();
  const tell = (name: string, at: number) => series.count(pipeline(name), { ...rolled, note: `${at}` });
  const outcomes = Array.from({ length: 30 }, (_, at) => tell("one", at));
  expect(outcomes.filter((outcome) => outcome === "queued")).toHaveLength(25);
  expect(outcomes.at(-1)).toBe("dropped");
  expect(tell("two", 0)).toBe("queued");
  clock.skip(299_999);
  expect(tell("one", 100)).toBe("dropped");
  clock.skip(1);
  expect([tell("one", 101), tell("one", 102)]).toEqual(["queued", "dropped"]);
});

test("where too many wait an event is dropped, and comes as the first later", () => {
  const options = { full: true };
  const { sent, series } = start(options);
  expect(series.count(pipeline("one"), rolled)).toBe("dropped");
  options.full = false;
  expect(series.count(pipeline("one"), rolled)).toBe("queued");
  expect(sent).toEqual([[0, "first", 1]]);
});

test("what is remembered is bounded", () => {
  const { clock, series } = start();
  for (let at = 0; at < 10_000; at++) series.count(pipeline(`${at}`), rolled);
  expect(clock.waiting).toBe(4096);
  expect(series.count(pipeline("9999"), rolled)).toBe("counted");
  expect(series.count(pipeline("0"), rolled)).toBe("queued");
});

test("at the end the counts that changed are told", () => {
  const { clock, sent, series } = start();
  for (let at = 0; at < 4; at++) series.count(pipeline("one"), rolled);
  series.count(pipeline("two"), rolled);
  series.flush();
  expect(sent.map(([, kind, count]) => `${kind} ${count}`)).toEqual(["first 1", "again 2", "first 1", "again 4"]);
  expect(clock.waiting).toBe(0);
});
