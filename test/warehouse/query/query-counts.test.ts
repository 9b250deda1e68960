import { describe, expect, it } from "vitest";
import { queryCounts } from "../../../warehouse/query/query-counts.ts";
import type { ResultColumn } from "../../../warehouse/result.ts";

const column = (name: string): ResultColumn => ({ name, type: { kind: "NUMBER", precision: 38, scale: 0 }, nullable: false });

describe("queryCounts", () => {
  it("counts the rows of a query", () => {
    expect(queryCounts({ columns: [column("A")], rows: [["1"], ["2"]], typeId: 4096 })).toEqual({
      rowsProduced: 2,
      bytesScanned: 0,
    });
  });

  it("reads what DML says", () => {
    const columns = ["number of rows inserted", "number of rows updated", "number of rows deleted"].map(column);
    expect(queryCounts({ columns, rows: [["1", "2", "3"]], typeId: 13_312 })).toMatchObject({
      rowsProduced: 6,
      rowsInserted: 1,
      rowsUpdated: 2,
      rowsDeleted: 3,
    });
  });

  it("a DML statement that changes nothing produces no row", () => {
    expect(queryCounts({ columns: [column("number of rows updated")], rows: [["0"]], typeId: 12_800 })).toMatchObject({
      rowsProduced: 0,
      rowsUpdated: 0,
    });
  });

  it("sums what COPY says of its files", () => {
    const columns = [column("file"), column("rows_loaded")];
    const rows = [
      ["a", "10"],
      ["b", "5"],
    ];
    expect(queryCounts({ columns, rows, typeId: 1, bytesScanned: 99 })).toEqual({
      rowsProduced: 15,
      rowsInserted: 15,
      bytesScanned: 99,
    });
  });
});
