import { describe, expect, it } from "vitest";
import { type RunSummary, summaryLines } from "../../../cli/run/summary-text.ts";

const plain = (_style: unknown, text: string): string => text;
const summary: RunSummary = {
  name: "orders",
  seconds: 2.34,
  totals: { recordsRead: 1720, recordsLoaded: 1713, rowsLoaded: 1680, recordsRejected: 9, recordsSkipped: 7, batches: 3 },
  lag: { records: 0, seconds: 0, furthestBehind: null },
  finished: true,
  unreachable: null,
  nothingNew: "nothing new",
  nothingThere: "nothing there",
  resumed: false,
  reasons: [
    { reason: "not JSON", count: 5 },
    { reason: "amount: is no DECIMAL(18,2)", count: 4 },
  ],
  notices: [],
  into: "table main.orders",
  upsert: false,
  places: [
    ["database", "/data/orders.duckdb"],
    ["rejects", "/data/dead"],
  ],
};
const nothing = { recordsRead: 0, recordsLoaded: 0, rowsLoaded: 0, recordsRejected: 0, recordsSkipped: 0, batches: 0 };

describe("summaryLines", () => {
  it("says what was loaded, left out, skipped and rejected and why, the lag and where to look further", () => {
    expect(summaryLines(summary, plain).join("\n")).toBe(`orders: loaded 1,680 rows into table main.orders in 2.3 s

  records read  1,720
  rows loaded   1,680
  left out         24  by the SQL
  skipped           7  records without a value (tombstones)
  rejected          9
                    5  not JSON
                    4  amount: is no DECIMAL(18,2)
  lag               0  records not loaded yet

  database  /data/orders.duckdb
  rejects   /data/dead`);
  });

  it("sums up the reasons after the tenth", () => {
    const reasons = Array.from({ length: 13 }, (_, at) => ({ reason: `reason ${at}`, count: 13 - at }));
    const text = summaryLines({ ...summary, reasons }, plain).join("\n");
    expect(text).toContain("4  reason 9");
    expect(text).not.toContain("reason 10");
    expect(text).toContain("6  other reasons: see the dead letters");
  });

  it("knows a second run that loads nothing twice from an empty source and from one that was stopped", () => {
    const second = { ...summary, totals: nothing, reasons: [] };
    expect(summaryLines({ ...second, resumed: true }, plain)).toEqual([
      "orders: nothing new",
      "",
      "  database  /data/orders.duckdb",
      "  rejects   /data/dead",
    ]);
    expect(summaryLines(second, plain)[0]).toBe("orders: nothing there");
    const stopped = { ...second, resumed: true, finished: false };
    expect(summaryLines(stopped, plain)[0]).toBe("orders: stopped before anything was read");
    expect(summaryLines({ ...stopped, unreachable: "source: gone" }, plain)[0]).toBe(
      "orders: stopped before anything was read: source: gone",
    );
  });

  it("shows what the source has to tell, and then does not claim that everything was loaded", () => {
    const changed = { ...summary, totals: nothing, reasons: [], resumed: true, notices: ["a.csv: changed"], places: [] };
    expect(summaryLines(changed, plain)).toEqual(["orders: loaded nothing new, and nothing twice", "", "  note: a.csv: changed"]);
  });

  it("says how far behind a stopped run left the table", () => {
    const behind = { ...summary, lag: { records: 12_000, seconds: 75, furthestBehind: null } };
    expect(summaryLines(behind, plain)).toContain("  lag           12,000  records not loaded yet, 1 min 15 s");
  });
});
