import { afterEach, expect, test, vi } from "vitest";
import { NotConnected } from "../../../../runtime/component/errors.ts";
import { GroupLoop } from "../../../../runtime/sources/kafka/group-loop.ts";
import { brokerError, stubParts } from "./stub-group.ts";

afterEach(() => vi.useRealTimers());

test("a coordinator that is loading for long is trouble that passes, and is named", async () => {
  vi.useFakeTimers();
  let loading = true;
  const loop = new GroupLoop(stubParts(() => null));
  loop.start(async () => {
    if (loading) throw brokerError("COORDINATOR_LOAD_IN_PROGRESS");
    return 1000;
  });
  await vi.advanceTimersByTimeAsync(5000);
  expect(loop.trouble).toBeNull();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(loop.trouble).toBeInstanceOf(NotConnected);
  expect(loop.trouble?.message).toContain("COORDINATOR_LOAD_IN_PROGRESS");
  expect(loop.failure).toBeNull();
  loading = false;
  await vi.advanceTimersByTimeAsync(5000);
  expect(loop.trouble).toBeNull();
  const stopped = loop.stop(async () => {});
  await vi.advanceTimersByTimeAsync(5000);
  await stopped;
});
