import { expect, test } from "vitest";
import { watchParts } from "../../../cli/run/watch-parts.ts";
import type { Assembled } from "../../../runtime/assemble.ts";
import { Stage } from "../../runtime/engine/fakes/stage.ts";

test("a watched sink says of itself what the sink says", () => {
  const { sink } = new Stage();
  sink.rejectsLater = true;
  const { parts } = watchParts({ sink, deadLetters: null } as unknown as Assembled);
  expect(parts.sink.rejectsLater).toBe(true);
  expect("atomic" in parts.sink).toBe(false);
});
