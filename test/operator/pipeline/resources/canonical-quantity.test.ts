import { expect, test } from "vitest";
import { canonicalQuantity, nanoOf } from "../../../../operator/pipeline/resources/canonical-quantity.ts";

test.each(["", ".", "-1", "1 Gi", "1GiB", "1ki", "Gi", "1e", "0x10", "1e99", "NaN", "1".repeat(40)])(
  "%j is no quantity",
  (text) => {
    expect(canonicalQuantity(text)).toBeNull();
    expect(nanoOf(text)).toBeNull();
  },
);

test("quantities are compared by what they are, not how they are written", () => {
  expect(nanoOf("1Gi")).toBe(nanoOf("1024Mi"));
  expect(nanoOf("0.5")).toBe(nanoOf("500m"));
  expect(nanoOf("1.5Gi")! > nanoOf("1Gi")!).toBe(true);
});
