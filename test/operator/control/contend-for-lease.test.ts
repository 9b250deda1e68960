import { expect, test } from "vitest";
import type { Clock } from "../../../operator/control/clock.ts";
import { sleep } from "../../../operator/kube/timing.ts";
import { contendForLease, type LeaseNews } from "../../../operator/control/contend-for-lease.ts";
import { defaultLeaseTiming, type Lease } from "../../../operator/control/lease.ts";
import { createLeaseHolder } from "../../../operator/control/lease-holder.ts";
import { openSharedTerm } from "../../../operator/control/shared-term.ts";
import { FakeClock, settle } from "./fake-clock.ts";
import { createMemoryLeases } from "./memory-leases.ts";
import { seeded } from "./seeded.ts";

const key = { namespace: "snowline", name: "leader" };

/** A candidate with faults: how long a request takes each way, in milliseconds; null: it is lost, and its sender waits. */
interface Faults {
  thereMs: number | null;
  backMs: number | null;
  refused: boolean;
}

function candidate(identity: string, shared: { readonly leases: ReturnType<typeof createMemoryLeases>; readonly clock: Clock }) {
  const { leases, clock } = shared;
  const faults: Faults = { thereMs: 0, backMs: 0, refused: false };
  const way = async (ms: number | null): Promise<void> => {
    if (faults.refused) throw new Error("connection refused");
    if (ms !== 0) await sleep(clock, ms ?? 1e9);
  };
  const term = openSharedTerm();
  const stop = new AbortController();
  const news: LeaseNews[] = [];
  let number = 0;
  const live = { beats: true };
  const holder = createLeaseHolder({
    api: leases.clientBy({ there: () => way(faults.thereMs), back: () => way(faults.backMs) }),
    key,
    identity,
    fieldManager: "test",
    timing: defaultLeaseTiming,
    clock,
  });
  const beat = (): void => {
    if (live.beats) term.beat(clock.monotonic());
    if (!stop.signal.aborted) clock.after(1000, beat);
  };
  beat();
  const ended = contendForLease({
    holder,
    timing: defaultLeaseTiming,
    term,
    clock,
    random: () => 0.5,
    tell: (one) => {
      news.push(one);
      if (one.kind === "leading") number = one.term;
    },
    signal: stop.signal,
  });
  const leads = (): boolean => term.isValid(number, clock.monotonic());
  return { identity, faults, news, stop, ended, leads, live, term };
}

function start() {
  const clock = new FakeClock();
  const leases = createMemoryLeases();
  const lease = (): Lease["spec"] => leases.get(key)?.spec;
  return { clock, leases, lease, candidate: (identity: string) => candidate(identity, { clock, leases }) };
}

test("the first takes the lease and renews it every two seconds; the second follows", async () => {
  const { clock, candidate, lease } = start();
  const one = candidate("one");
  await settle();
  const two = candidate("two");
  await clock.advance(60_000);
  expect([one.leads(), two.leads()]).toEqual([true, false]);
  expect(one.news).toEqual([{ kind: "leading", term: 1 }]);
  expect(two.news).toEqual([{ kind: "following", holder: "one" }]);
  expect(lease()).toEqual({
    holderIdentity: "one",
    leaseDurationSeconds: 15,
    acquireTime: "2026-01-01T00:00:00.000000Z",
    renewTime: "2026-01-01T00:01:00.000000Z",
    leaseTransitions: 0,
  });
});

test("a lease that is given back is taken within two seconds", async () => {
  const { clock, candidate, lease } = start();
  const one = candidate("one");
  await settle();
  const two = candidate("two");
  await clock.advance(30_000);
  one.stop.abort();
  await settle();
  await one.ended;
  expect(one.leads()).toBe(false);
  expect(lease()?.holderIdentity).toBeUndefined();
  await clock.advance(2_000);
  expect(two.leads()).toBe(true);
  expect(lease()).toMatchObject({ holderIdentity: "two", leaseTransitions: 1 });
});

test("a holder that is gone is followed when its lease has run out, and not before", async () => {
  const { clock, candidate } = start();
  const one = candidate("one");
  await settle();
  const two = candidate("two");
  await clock.advance(2_000);
  one.faults.refused = true;
  await clock.advance(9_999);
  expect(one.leads()).toBe(true);
  await clock.advance(1);
  expect(one.leads()).toBe(false);
  await clock.advance(4_999);
  expect(two.leads()).toBe(false);
  await clock.advance(2_000);
  expect(two.leads()).toBe(true);
  expect(one.news).toEqual([
    { kind: "leading", term: 1 },
    { kind: "failed", why: "connection refused" },
    { kind: "lost", term: 1, why: "not renewed for 10000 ms: connection refused" },
    { kind: "failed", why: "connection refused" },
  ]);
});

test("clocks that show other times make no difference", async () => {
  const { clock, candidate, lease } = start();
  clock.skewMs = 86_400_000;
  const one = candidate("one");
  await settle();
  clock.skewMs = -86_400_000;
  const two = candidate("two");
  await clock.advance(60_000);
  expect([one.leads(), two.leads()]).toEqual([true, false]);
  expect(lease()?.renewTime).toBe("2025-12-31T00:01:00.000000Z");
});

test("requests that get no answer are given up in time for another", async () => {
  const { clock, candidate } = start();
  const one = candidate("one");
  await clock.advance(2_000);
  one.faults.backMs = null;
  await clock.advance(8_000);
  one.faults.backMs = 0;
  await clock.advance(30_000);
  expect(one.news).toEqual([
    { kind: "leading", term: 1 },
    { kind: "failed", why: "lease: no answer within 5000 ms" },
  ]);
});

test("an answer that comes when the term is over does not bring it back", async () => {
  const { clock, candidate } = start();
  const one = candidate("one");
  await clock.advance(2_000);
  one.faults.thereMs = null;
  await clock.advance(11_000);
  expect(one.leads()).toBe(false);
  const isFirstTerm = (): boolean => one.term.isValid(1, clock.monotonic());
  one.faults.thereMs = 0;
  await clock.advance(6_000);
  expect([isFirstTerm(), one.leads()]).toEqual([false, true]);
  expect(one.news.at(-1)).toEqual({ kind: "leading", term: 2 });
});

test("a main thread that hangs for a minute leads no longer, and takes nothing before it turns again", async () => {
  const { clock, candidate } = start();
  const one = candidate("one");
  await clock.advance(10_000);
  one.live.beats = false;
  const two = candidate("two");
  await clock.advance(50_000);
  expect(one.leads()).toBe(true);
  await clock.advance(30_000);
  expect([one.leads(), two.leads()]).toEqual([false, true]);
  expect(one.news.at(-1)).toEqual({ kind: "lost", term: 1, why: "the main thread has not turned for 60000 ms" });
  two.stop.abort();
  await clock.advance(60_000);
  expect(one.leads()).toBe(false);
  one.live.beats = true;
  await clock.advance(5_000);
  expect(one.leads()).toBe(true);
});

test.for(Array.from({ length: 25 }, (_, at) => Number(process.env["SNOWLINE_SEED"] ?? 900) + at))(
  "however requests are lost and late, two never lead at a time, seed %i",
  async (seed) => {
    const random = seeded(seed);
    const { clock, candidate } = start();
    const all = ["one", "two", "three"].map((identity) => candidate(identity));
    const led = new Set<string>();
    for (let turn = 0; turn < 60; turn++) {
      for (const { faults } of all) {
        if (random() < 0.7) continue;
        const late = (): number | null => (random() < 0.5 ? 0 : random() < 0.5 ? Math.floor(random() * 12_000) : null);
        Object.assign(faults, { thereMs: late(), backMs: late(), refused: random() < 0.1 });
      }
      for (let step = 0; step < 10; step++) {
        await clock.advance(200 + Math.floor(random() * 300));
        const leaders = all.filter(({ leads }) => leads()).map(({ identity }) => identity);
        expect(leaders.length, leaders.join()).toBeLessThanOrEqual(1);
        for (const leader of leaders) led.add(leader);
      }
    }
    for (const { faults } of all) Object.assign(faults, { thereMs: 0, backMs: 0, refused: false });
    await clock.advance(30_000);
    expect(all.filter(({ leads }) => leads())).toHaveLength(1);
    expect(led.size).toBeGreaterThan(0);
  },
);
