import { expect, test } from "vitest";
import { earliest, latest } from "../../../../runtime/kafka/cluster.ts";
import { startOffset } from "../../../../runtime/sources/kafka/start-offset.ts";
import { stubCluster, stubTopic } from "../../kafka/stub-cluster.ts";

/** A partition with 5 records before the start's time, that gets one more between any two questions. */
function growing() {
  let end = 5;
  return stubCluster({
    fetches: [],
    offsetAt: async (_partition, timestamp) => {
      const at = end++;
      return timestamp === earliest ? 0 : timestamp === latest ? at : at > 5 ? 5 : -1;
    },
  });
}

test.each([
  ["earliest", false, { offset: 0, pinned: false }],
  ["latest", false, { offset: 5, pinned: true }],
  ["latest", true, { offset: 0, pinned: true }],
  ["2026-01-01T00:00:00Z", false, { offset: 5, pinned: true }],
])("startFrom %s (of a late partition: %s) begins at no later record than the first it means", async (startFrom, late, start) => {
  expect(await startOffset(startFrom, growing(), { topic: stubTopic, partition: 0, late })).toEqual(start);
});

test("startFrom a time begins at the end of before where there is no such record, not behind what comes meanwhile", async () => {
  let end = 5;
  const offsetAt = async (_partition: number, timestamp: bigint) => (timestamp === latest ? end++ : (end++, -1));
  const cluster = stubCluster({ fetches: [], offsetAt });
  const start = await startOffset("2099-01-01T00:00:00Z", cluster, { topic: stubTopic, partition: 0, late: false });
  expect(start).toEqual({ offset: 5, pinned: true });
});
