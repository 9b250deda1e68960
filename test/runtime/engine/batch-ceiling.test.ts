import { expect, test } from "vitest";
import { BatchCeiling } from "../../../runtime/engine/batch-ceiling.ts";

test("half of what did not fit may, down to a single record", () => {
  const ceiling = new BatchCeiling(1000);
  ceiling.lower(600);
  expect(ceiling.bytes).toBe(300);
  for (let round = 0; round < 20; round++) ceiling.lower(300);
  expect(ceiling.bytes).toBe(1);
});

test("a larger batch is tried again after a hundred that fitted, up to the pipeline's bound", () => {
  const ceiling = new BatchCeiling(1000);
  ceiling.lower(1000);
  for (let batch = 0; batch < 99; batch++) ceiling.loaded(false);
  expect(ceiling.bytes).toBe(500);
  for (let batch = 0; batch < 1000; batch++) ceiling.loaded(false);
  expect(ceiling.bytes).toBe(1000);
});

test("once the single record at fault is out of the way, batches are as large as before", () => {
  const ceiling = new BatchCeiling(1000);
  for (let round = 0; round < 20; round++) ceiling.lower(ceiling.bytes);
  ceiling.loaded(true);
  expect(ceiling.bytes).toBe(1000);
});
