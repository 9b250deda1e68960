import { describe, expect, it } from "vitest";
import { canonical } from "../../../runtime/component/position.ts";

describe("canonical", () => {
  it("gives equal positions one text, whatever the order of their members, at any depth", () => {
    const one = { topicId: "t", offset: 7, nested: { b: [1, { d: 1, c: 2 }], a: null } };
    const other = { nested: { a: null, b: [1, { c: 2, d: 1 }] }, offset: 7, topicId: "t" };
    expect(canonical(one)).toBe(canonical(other));
  });

  it.each([
    [{ offset: 9 }, { offset: 10 }],
    [{ offset: 9 }, { offset: "9" }],
    [{ list: [1, 2] }, { list: [2, 1] }],
    [{ offset: null }, {}],
  ])("tells %o from %o", (one, other) => {
    expect(canonical(one)).not.toBe(canonical(other));
  });
});
