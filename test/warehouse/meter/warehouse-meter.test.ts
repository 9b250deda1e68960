import { beforeEach, describe, expect, it } from "vitest";
import { WarehouseMeter } from "../../../warehouse/meter/warehouse-meter.ts";
import { savedState } from "../../../warehouse/saved-state.ts";

describe("the warehouse meter", () => {
  let now = 0;
  let meter: WarehouseMeter;
  beforeEach(() => {
    now = Date.UTC(2026, 0, 1, 10, 0, 0);
    meter = new WarehouseMeter(() => now, savedState(null));
    meter.create("WH", { autoSuspendSeconds: 60 });
  });
  const run = (seconds: number) => {
    const running = meter.begin("WH");
    now += seconds * 1000;
    running[Symbol.dispose]();
  };
  const use = () => meter.list()[0]!;

  it("bills nothing for a warehouse that nobody has used", () => {
    now += 3_600_000;
    expect(use()).toMatchObject({ state: "SUSPENDED", secondsBilled: 0, credits: 0, resumes: 0 });
  });

  it("bills 60 s at least, from the resume until it has been idle for AUTO_SUSPEND", () => {
    run(5);
    expect(use()).toMatchObject({ state: "STARTED", secondsBilled: 60, statements: 1, resumes: 1 });
    now += 3_600_000;
    expect(use()).toMatchObject({ state: "SUSPENDED", secondsBilled: 65 });
    expect(use().credits).toBeCloseTo(65 / 3600);
  });

  it("bills each resume anew", () => {
    run(1);
    now += 120_000;
    run(1);
    now += 120_000;
    expect(use()).toMatchObject({ state: "SUSPENDED", secondsBilled: 122, resumes: 2, statements: 2 });
  });

  it("does not suspend while a statement runs, however long", () => {
    const running = meter.begin("WH");
    now += 7_200_000;
    expect(use()).toMatchObject({ state: "STARTED", secondsBilled: 7200, running: 1 });
    running[Symbol.dispose]();
    now += 61_000;
    expect(use()).toMatchObject({ state: "SUSPENDED", secondsBilled: 7260, running: 0 });
  });

  it("bills by size, and by the new size after it was changed", () => {
    run(1800);
    meter.alter("WH", { size: "Medium" });
    run(1800);
    expect(use().credits).toBeCloseTo(0.5 + 2);
  });

  it("says the credits by hour", () => {
    now = Date.UTC(2026, 0, 1, 10, 30, 0);
    run(3600);
    expect(meter.meteredHours()).toEqual([
      { warehouse: "WH", hourMs: Date.UTC(2026, 0, 1, 10), credits: 0.5 },
      { warehouse: "WH", hourMs: Date.UTC(2026, 0, 1, 11), credits: 0.5 },
    ]);
  });

  it("refuses statements without a warehouse, and on one that may not resume by itself", () => {
    expect(() => meter.begin(null)).toThrow(/No active warehouse selected/);
    meter.alter("WH", { autoResume: false });
    expect(() => meter.begin("WH")).toThrow(/AUTO_RESUME is FALSE/);
    meter.resume("WH");
    run(1);
    expect(() => meter.resume("WH")).toThrow(/Invalid state/);
    meter.suspend("WH");
    expect(() => meter.suspend("WH")).toThrow(/Invalid state/);
  });
});
