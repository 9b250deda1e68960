import { expect, it } from "vitest";
import { nanosOf } from "../../../operator/kube/quantity.ts";

const one = 1_000_000_000n;

it.each<[string | number, bigint | null]>([
  ["1", one],
  [1, one],
  ["1000m", one],
  ["1e0", one],
  ["1E0", one],
  ["0.001k", one],
  ["+1.0", one],
  ["-1", -one],
  [".5", one / 2n],
  ["1.", one],
  ["1Ki", 1024n * one],
  ["1.5Gi", 1536n * 1024n * 1024n * one],
  ["1E", 10n ** 18n * one],
  ["1Ei", 1024n ** 6n * one],
  ["1n", 1n],
  ["0.1n", 0n],
  ["", null],
  [".", null],
  ["1Kib", null],
  ["1 Gi", null],
  ["one", null],
  ["1e99", null],
  ["1e100", null],
  ["25%", null],
])("%s is %s billionths", (text, nanos) => {
  expect(nanosOf(text)).toBe(nanos);
});
