import { expect, test } from "vitest";
import { bytesOf } from "../../crds/quantity.ts";

test.each([
  ["64Mi", 67_108_864],
  ["1.5Ki", 1536],
  ["1G", 1_000_000_000],
  ["2Ti", 2_199_023_255_552],
  ["5k", 5000],
  ["0.3Ki", 308],
  ["1048576", 1_048_576],
  [4096, 4096],
])("%s is %i bytes", (quantity, bytes) => {
  expect(bytesOf(quantity)).toBe(bytes);
});

test.each(["64MB", "Mi", "", "-1", "toString"])("%s is no quantity", (quantity) => {
  expect(() => bytesOf(quantity)).toThrow("is no quantity of bytes");
});
