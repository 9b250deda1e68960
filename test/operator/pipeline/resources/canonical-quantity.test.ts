import { expect, test } from "vitest";
import { canonicalQuantity } from "../../../../operator/pipeline/resources/canonical-quantity.ts";

test.each(["", ".", "-1", "1 Gi", "1GiB", "1ki", "Gi", "1e", "0x10", "1e99", "NaN", "1".repeat(40)])(
  "%j is no quantity",
  (text) => {
    expect(canonicalQuantity(text)).toBeNull();
  },
);

test.each([
  ["1024Mi", "1Gi"],
  ["0.5", "500m"],
  ["1.5Gi", "1536Mi"],
  ["0.5Ki", "512"],
  ["1000", "1k"],
  ["1e4", "10e3"],
  [0, "0"],
  [1_000_000, "1M"],
])("%s is printed as %s", (given, printed) => {
  expect(canonicalQuantity(given)).toBe(printed);
});
