import { expect, test } from "vitest";
import { settle } from "./fakes/fake-clock.ts";
import { Stage } from "./fakes/stage.ts";

test("the first batches are small, so that the first rows are there soon, and soon as large as they may be", async () => {
  const stage = new Stage();
  const padding = "x".repeat(100_000);
  stage.produce("orders/0", 600, () => ({ padding }));
  const running = stage.run({ batch: { bytesMax: 8_000_000, recordsMax: 1_000_000, everyMs: 5000 } });
  await settle();
  const offsets = stage.sink.writes.map(([move]) => Number(move?.to["offset"]));
  const sizes = offsets.map((offset, at) => offset - (offsets[at - 1] ?? 0));
  expect(sizes.slice(0, 5)).toEqual([11, 42, 80, 80, 80]);
  stage.stop.abort();
  await running;
});
