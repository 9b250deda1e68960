import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { askOverHttp } from "../../../operator/pipeline/ask-pod.ts";
import { parseReport } from "../../../operator/pipeline/parse-report.ts";
import { type AskedPod, createPodReports } from "../../../operator/pipeline/pod-reports.ts";
import { FakeClock } from "../control/fake-clock.ts";
import { idleReport } from "./started-operator.ts";

const pod = (uid: string, more: Partial<AskedPod> = {}): AskedPod => ({
  uid,
  ip: uid,
  ready: true,
  pipeline: { namespace: "shop", name: `of-${uid}` },
  ...more,
});

const idle = JSON.parse(idleReport) as { readonly totals: object };
const busyReport = JSON.stringify({ ...idle, lag: { records: 5, seconds: 1, furthestBehind: null } });

/** Reports on a clock that stands still, with what was asked and passed on. */
function collecting(answer: (ip: string) => Promise<string> = async () => idleReport, isEager = () => false) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const passedOn: string[] = [];
  let open = 0;
  let openMax = 0;
  const reports = createPodReports({
    clock,
    random: () => 0.5,
    ask: async (ip) => {
      asked.push(ip);
      openMax = Math.max(openMax, ++open);
      return answer(ip).finally(() => open--);
    },
    onAnswer: ({ name }) => passedOn.push(name),
    isEager,
  });
  const stop = new AbortController();
  return { clock, asked, passedOn, reports, stop, openMax: () => openMax };
}

test("a pod is asked soon after it was seen, then every ten seconds; its pipeline hears only what is new", async () => {
  const { clock, asked, passedOn, reports, stop } = collecting(async () => busyReport);
  reports.run(stop.signal);
  reports.see(pod("a"));
  expect(reports.of("a")).toEqual({ report: null, asked: false });
  await clock.advance(300);
  expect([asked, passedOn]).toEqual([["a"], ["of-a"]]);
  expect(reports.of("a")).toMatchObject({ asked: true, report: { splits: 1 } });
  await clock.advance(60_000);
  expect(asked.length).toBe(7);
  expect(passedOn).toEqual(["of-a"]);
});

test.each([
  ["a pod with nothing to do", {}, 4],
  ["one that stands by", { proof: { kind: "noSplit", message: "" } }, 4],
  ["one that is still to show that it works", { proof: { kind: "waiting", message: "" } }, 10],
  ["one that reads", { rates: { recordsPerSecond: 1, rowsPerSecond: 1 } }, 10],
  ["one to which something arrives", { arrivals: { recordsPerSecond: 1, hottest: null } }, 10],
])("%s, and says so again, is asked every ten seconds, or every thirty", async (_what, more, times) => {
  const { clock, asked, reports, stop } = collecting(async () => JSON.stringify({ ...idle, ...more }));
  reports.run(stop.signal);
  reports.see(pod("a"));
  await clock.advance(91_000);
  expect(asked.length).toBe(times);
});

test("a pod that rests is asked every ten seconds again once it says something else, and whoever rests holds up nobody", async () => {
  let rows = 0;
  const { clock, asked, reports, stop } = collecting(async (ip) =>
    ip === "a" ? JSON.stringify({ ...idle, totals: { ...idle.totals, rowsLoaded: rows } }) : busyReport,
  );
  reports.run(stop.signal);
  reports.see(pod("a"));
  reports.see(pod("b"));
  await clock.advance(35_000);
  const times = (uid: string): number => asked.splice(0).filter((one) => one === uid).length;
  expect(times("a")).toBe(2);
  rows = 1;
  await clock.advance(35_000);
  expect(asked.filter((uid) => uid === "b").length).toBe(3);
  expect(times("a")).toBe(2);
});

test("where the number of pods follows from it, each answer of a pod with something to do is passed on, though it be the same", async () => {
  const { clock, passedOn, reports, stop } = collecting(
    async (ip) => (ip === "a" ? busyReport : idleReport),
    () => true,
  );
  reports.run(stop.signal);
  reports.see(pod("a"));
  reports.see(pod("b"));
  await clock.advance(60_300);
  expect(passedOn.filter((name) => name === "of-a").length).toBe(7);
  expect(passedOn.filter((name) => name === "of-b").length).toBe(1);
});

test("a pod that becomes ready is asked at once", async () => {
  const { clock, asked, reports, stop } = collecting();
  reports.run(stop.signal);
  reports.see(pod("a", { ready: false }));
  await clock.advance(1_000);
  reports.see(pod("a", { ready: false }));
  await clock.advance(1_000);
  expect(asked.length).toBe(1);
  reports.see(pod("a"));
  await clock.advance(300);
  expect(asked.length).toBe(2);
});

test("what changes a little is passed on once a minute, what turns at once", async () => {
  let rows = 0;
  let sink = "True";
  const { clock, passedOn, reports, stop } = collecting(async () => {
    const told = JSON.parse(idleReport) as { conditions: object[]; totals: object };
    return JSON.stringify({
      ...told,
      totals: { ...told.totals, rowsLoaded: ++rows },
      conditions: [{ type: "SinkReachable", status: sink, reason: "Reason", message: "" }],
    });
  });
  reports.run(stop.signal);
  reports.see(pod("a"));
  await clock.advance(55_000);
  expect(passedOn.length).toBe(1);
  await clock.advance(20_000);
  expect(passedOn.length).toBe(2);
  sink = "False";
  await clock.advance(11_000);
  expect(passedOn.length).toBe(3);
});

test("a pod that does not answer keeps what it told last for three questions, then nothing is known of it", async () => {
  let answers = true;
  const { clock, passedOn, reports, stop } = collecting(async () => {
    if (!answers) throw new Error("refused");
    return idleReport;
  });
  reports.run(stop.signal);
  reports.see(pod("a"));
  await clock.advance(5_000);
  answers = false;
  await clock.advance(21_000);
  expect(reports.of("a").report).not.toBe(null);
  await clock.advance(10_000);
  expect(reports.of("a")).toEqual({ report: null, asked: true });
  expect(passedOn.length).toBe(2);
});

test("a pod that is gone is forgotten, also while it is being asked", async () => {
  const late = Promise.withResolvers<string>();
  const { clock, reports, stop, passedOn } = collecting(() => late.promise);
  reports.run(stop.signal);
  reports.see(pod("a"));
  await clock.advance(300);
  reports.forget("a");
  late.resolve(idleReport);
  await clock.advance(60_000);
  expect(reports.of("a")).toEqual({ report: null, asked: false });
  expect(passedOn).toEqual([]);
});

test("nobody is asked before it leads, nor after", async () => {
  const { clock, asked, reports, stop } = collecting();
  reports.see(pod("a"));
  await clock.advance(60_000);
  expect(asked).toEqual([]);
  reports.run(stop.signal);
  await clock.advance(1_000);
  stop.abort();
  await clock.advance(60_000);
  expect(asked.length).toBe(1);
  expect(clock.waiting).toBe(0);
  reports.run(new AbortController().signal);
  await clock.advance(5_000);
  expect(asked.length).toBe(2);
});

test("with very many pods each is asked in turn, at most 100 a second and 32 at a time", async () => {
  const never = new Promise<string>(() => {});
  const many = collecting();
  many.reports.run(many.stop.signal);
  for (let at = 0; at < 3_000; at++) many.reports.see(pod(`p${at}`));
  await many.clock.advance(3_000);
  expect(many.asked.length).toBeGreaterThan(250);
  expect(many.asked.length).toBeLessThanOrEqual(301);
  expect(new Set(many.asked).size).toBe(many.asked.length);
  const stuck = collecting(() => never);
  stuck.reports.run(stuck.stop.signal);
  for (let at = 0; at < 100; at++) stuck.reports.see(pod(`p${at}`));
  await stuck.clock.advance(5_000);
  expect(stuck.openMax()).toBe(32);
});

describe("over HTTP", () => {
  const servers: { close(): void }[] = [];
  afterEach(() => servers.splice(0).forEach((server) => server.close()));

  async function serve(answer: { readonly code?: number; readonly body?: string; readonly endless?: boolean }): Promise<number> {
    const server = createServer((request, response) => {
      response.writeHead(request.url === "/status/brief" ? (answer.code ?? 200) : 404);
      response.write(answer.body ?? "");
      if (answer.endless !== true) response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    servers.push({ close: () => (server.close(), server.closeAllConnections()) });
    return (server.address() as AddressInfo).port;
  }
  const ask = async (port: number) => askOverHttp(port)("127.0.0.1", new AbortController().signal);

  test("a pod's brief status is read", async () => {
    expect(parseReport(await ask(await serve({ body: idleReport })), 7)).toMatchObject({ splits: 1, atMs: 7 });
  });

  test.each([
    ["too long an answer", { body: "x".repeat(2 ** 20 + 1) }, /more than 1048576 bytes/],
    ["an answer that never ends", { body: "{", endless: true }, /no whole answer within 2000 ms/],
    ["another code", { code: 500 }, /answered 500/],
  ])("%s is none", async (_what, answer, error) => {
    await expect(ask(await serve(answer))).rejects.toThrow(error);
  });
});

test.each([
  ["no JSON", "<html>"],
  ["a list", "[]"],
  ["nothing", ""],
  ["another's status", '{"status":"ok"}'],
])("%s is no report", (_what, text) => {
  expect(parseReport(text, 0)).toBe(null);
});

test("what a report has of another type or size is not taken over", () => {
  const hostile = {
    started: true,
    conditions: [
      { type: "SinkReachable", status: "False", reason: "not one word!", message: "m".repeat(5_000) },
      { type: 3, status: "True" },
      { type: "Ready", status: "Maybe" },
      ...Array.from({ length: 100 }, () => ({ type: "Ready", status: "True", reason: "R", message: "" })),
    ],
    totals: { recordsRead: -5, rowsLoaded: "many", recordsRejected: 1e300 },
    rates: null,
    lag: { records: Number.NaN, seconds: "1", furthestBehind: { split: "s".repeat(5_000), records: -1 } },
    splits: 2.7,
    lastLoadTime: "yesterday",
    load: { busyFraction: 7, sinkWaitFraction: 0.5, recordsPerSecond: 12 },
    arrivals: { recordsPerSecond: "many", hottest: { split: 3, recordsPerSecond: 1 } },
    splitsTotal: -1,
    rebalances: { count: 1.5, stallSeconds: null },
  };
  const report = parseReport(JSON.stringify(hostile), 0)!;
  expect(report.conditions.length).toBe(14);
  expect(report.conditions[0]).toMatchObject({ reason: "Unnamed" });
  expect(report.conditions[0]!.message.length).toBe(1_000);
  expect(report).toMatchObject({
    totals: { recordsRead: 0, rowsLoaded: 0, recordsRejected: Number.MAX_SAFE_INTEGER },
    rates: { recordsPerSecond: 0, rowsPerSecond: 0 },
    lag: { records: null, seconds: null, furthestBehind: { records: null } },
    splits: 2,
    lastLoadTime: null,
    load: { busyFraction: 1, sinkWaitFraction: 0.5, recordsPerSecond: 12 },
    arrivals: { recordsPerSecond: null, hottest: null },
    splitsTotal: null,
    rebalances: { count: 1, stallSeconds: 0 },
  });
});

test("what an older runtime does not tell is left out, for 0 would be a claim", () => {
  const report = parseReport(idleReport, 0)!;
  expect(Object.keys(report)).not.toEqual(expect.arrayContaining(["load"]));
  expect([report.arrivals, report.splitsTotal, report.rebalances]).toEqual([undefined, undefined, undefined]);
});

test("what the number of pods follows from is taken over as it was told", () => {
  const told = {
    load: { busyFraction: 0.7, sinkWaitFraction: 0.1, recordsPerSecond: 900 },
    arrivals: { recordsPerSecond: 120.5, hottest: { split: "orders/3", recordsPerSecond: 80 } },
    splitsTotal: 12,
    rebalances: { count: 2, stallSeconds: 1.5 },
  };
  expect(parseReport(JSON.stringify({ ...(JSON.parse(idleReport) as object), ...told }), 0)).toMatchObject(told);
});
