import { describe, expect, it } from "vitest";
import { type FaultAction, Faults } from "../../warehouse/faults.ts";

const drop: FaultAction = { kind: "dropBefore" };
const statement = (sql: string) => ({ path: "POST /queries/v1/query-request", sql });

describe("faults", () => {
  it("strike once unless they are told otherwise", () => {
    const faults = new Faults();
    faults.add({ action: drop, sql: "^INSERT" });
    expect(faults.take(["dropBefore"], statement("insert into t values (1)"))).toEqual(drop);
    expect(faults.take(["dropBefore"], statement("insert into t values (1)"))).toBeNull();
    expect(faults.list()).toMatchObject([{ struck: 1 }]);
  });

  it("pass over matches, and strike as often as they are told", () => {
    const faults = new Faults();
    faults.add({ action: drop, sql: "COMMIT", skip: 1, count: 2 });
    const struck = Array.from({ length: 5 }, () => faults.take(["dropBefore"], statement("COMMIT")) !== null);
    expect(struck).toEqual([false, true, true, false, false]);
  });

  it("leave other kinds, other statements and other paths alone", () => {
    const faults = new Faults();
    faults.add({ action: drop, sql: "COMMIT", count: null });
    faults.add({ action: { kind: "diskFull" }, path: "^PUT /stages/", count: null });
    expect(faults.take(["dropAfter"], statement("COMMIT"))).toBeNull();
    expect(faults.take(["dropBefore"], statement("ROLLBACK"))).toBeNull();
    expect(faults.take(["dropBefore"], { path: "POST /queries/v1/query-request" })).toBeNull();
    expect(faults.take(["diskFull"], { path: "GET /stages/a" })).toBeNull();
    expect(faults.take(["diskFull"], { path: "PUT /stages/a" })).toEqual({ kind: "diskFull" });
  });

  it("draw the same lots from the same seed, and about as many as the probability says", () => {
    const draw = (seed: number) => {
      const faults = new Faults();
      faults.add({ action: drop, probability: 0.25, seed, count: null });
      return Array.from({ length: 400 }, () => faults.take(["dropBefore"], { path: "GET /" }) !== null);
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(7).filter(Boolean).length).toBeGreaterThan(60);
    expect(draw(7).filter(Boolean).length).toBeLessThan(140);
  });
});
