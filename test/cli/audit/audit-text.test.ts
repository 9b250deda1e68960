import { describe, expect, it } from "vitest";
import { auditJson } from "../../../cli/audit/audit-json.ts";
import { type Audit, auditLines, bytesText } from "../../../cli/audit/audit-text.ts";

const nothing: Audit = {
  pipeline: { namespace: "loads", name: "orders" },
  table: "ANALYTICS.PUBLIC.ORDERS",
  upsert: false,
  window: { fromMs: Date.UTC(2026, 0, 1), toMs: Date.UTC(2026, 0, 2) },
  statements: { kinds: [], failures: [], runs: 0, complete: true },
  files: { loaded: 0, failed: 0, rows: 0, bytes: 0, failures: [], complete: true },
  credits: { kind: "hidden", why: "role LOADER may not see them" },
};
const something: Audit = {
  ...nothing,
  statements: {
    kinds: [
      { kind: "COPY", count: 1200, failed: 1, rows: 1_000_000, bytesScanned: 5 * 2 ** 20, seconds: 75 },
      { kind: "UPDATE", count: 3, failed: 0, rows: 3, bytesScanned: 10, seconds: 0.25 },
    ],
    failures: [{ code: "100038", message: "Numeric value '…' is not recognized", count: 1, lastMs: Date.UTC(2026, 0, 1, 12) }],
    runs: 2,
    complete: true,
  },
  files: { loaded: 40, failed: 2, rows: 999, bytes: 2048, failures: [{ message: "Bad file", count: 2 }], complete: true },
  credits: { kind: "visible", warehouse: "LOAD_XS", credits: 0.5 },
};
const plain = (_style: unknown, text: string): string => text;

describe("an audit", () => {
  it("of a pipeline that did nothing says so", () => {
    expect(auditLines(nothing, plain)).toEqual([
      "orders: 0 statements of 0 runs into ANALYTICS.PUBLIC.ORDERS, 2026-01-01T00:00:00Z to 2026-01-02T00:00:00Z",
      "",
      "  files    0 loaded, 0 rows, 0 B; 0 failed",
      "  credits  not visible: role LOADER may not see them",
    ]);
  });

  it("shows statements by kind, files, credits and failures", () => {
    expect(auditLines(something, plain)).toEqual([
      "orders: 1,203 statements of 2 runs into ANALYTICS.PUBLIC.ORDERS, 2026-01-01T00:00:00Z to 2026-01-02T00:00:00Z",
      "",
      "  statement  count  failed  rows produced  scanned  time",
      "  ─────────  ─────  ──────  ─────────────  ───────  ──────────",
      "  COPY       1,200       1      1,000,000  5.0 MiB  1 min 15 s",
      "  UPDATE         3       0              3  10 B     0.2 s",
      "",
      "  files    40 loaded, 999 rows, 2.0 KiB; 2 failed",
      "  credits  0.5000 of warehouse LOAD_XS, whoever used it",
      "",
      "Failures:",
      "  1× 100038, last 2026-01-01T12:00:00Z: Numeric value '…' is not recognized",
      "  2× file: Bad file",
    ]);
  });

  it("says where files of an upsert are", () => {
    expect(auditLines({ ...something, upsert: true }, plain).join("\n")).toContain(
      "  files    go through a table of the session's own",
    );
  });

  it("says where the table is not there", () => {
    const absent = { ...something, files: null };
    expect(auditLines(absent, plain).join("\n")).toContain(
      "  files    not known: the table is not there, or the role may not see it",
    );
    expect(JSON.parse(auditJson(absent))).toMatchObject({ complete: true, files: null });
  });

  it("says where it is not whole", () => {
    const partial = { ...something, files: { ...something.files!, complete: false } };
    expect(auditLines(partial, plain).at(-1)).toContain("ask for fewer --hours");
    expect(JSON.parse(auditJson(partial))).toMatchObject({ complete: false });
  });

  it("lists ten failures and counts the others", () => {
    const failures = Array.from({ length: 13 }, (_, index) => ({ code: String(index), message: "no", count: 1, lastMs: 0 }));
    const lines = auditLines({ ...nothing, statements: { ...nothing.statements, failures } }, plain);
    expect(lines.filter((line) => line.includes("×"))).toHaveLength(10);
    expect(lines.at(-1)).toContain("3 others");
  });

  it("is the same in JSON, with times in ISO 8601", () => {
    expect(JSON.parse(auditJson(something))).toMatchObject({
      pipeline: { namespace: "loads", name: "orders" },
      from: "2026-01-01T00:00:00.000Z",
      runs: 2,
      statements: [{ kind: "COPY", count: 1200 }, { kind: "UPDATE" }],
      failures: [{ code: "100038", last: "2026-01-01T12:00:00.000Z" }],
      credits: { warehouse: "LOAD_XS", used: 0.5 },
    });
    expect(JSON.parse(auditJson(nothing))).toMatchObject({ credits: { hidden: "role LOADER may not see them" } });
  });
});

describe("bytesText", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [150 * 1024, "150 KiB"],
    [5 * 2 ** 30, "5.0 GiB"],
    [3000 * 2 ** 40, "3000 TiB"],
  ])("writes %d as %s", (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });
});
