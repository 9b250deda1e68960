import { expect, test } from "vitest";
import { limitsOf, planResources } from "../../../runtime/pod/resource-plan.ts";

const mebibyte = 2 ** 20;
const load = { everySeconds: 5, upToBytes: "32Mi", upToRows: 200_000 };

test.each([
  { memoryMi: 512, cpus: 1, threads: 1, transformMi: 204, batchMi: 15 },
  { memoryMi: 1024, cpus: 2, threads: 1, transformMi: 409, batchMi: 31 },
  { memoryMi: 4096, cpus: 2, threads: 1, transformMi: 1024, batchMi: 32 },
  { memoryMi: 32_768, cpus: 16, threads: 2, transformMi: 2048, batchMi: 32 },
])("a pod of $memoryMi MiB and $cpus cores gives DuckDB $transformMi MiB and $threads threads, a batch $batchMi MiB", (row) => {
  const plan = planResources({ memoryBytes: row.memoryMi * mebibyte, cpus: row.cpus }, load);
  expect(plan.transformThreads).toBe(row.threads);
  expect(Math.floor(plan.transformMemoryBytes / mebibyte)).toBe(row.transformMi);
  expect(Math.floor(plan.batchBytesMax / mebibyte)).toBe(row.batchMi);
  expect(plan.batchRecordsMax).toBe(200_000);
});

test("a manifest that asks for more than the pod has gets what fits", () => {
  const plan = planResources(
    { memoryBytes: 512 * mebibyte, cpus: 1 },
    { everySeconds: 60, upToBytes: "10Gi", upToRows: 10_000_000 },
  );
  expect(plan.batchBytesMax).toBeLessThan(16 * mebibyte);
  expect(plan.batchRecordsMax).toBeLessThan(1_000_000);
});

test("where a batch is kept until it is loaded, three of them fit into what two take otherwise", () => {
  const limits = { memoryBytes: 512 * mebibyte, cpus: 1 };
  const load = { everySeconds: 60, upToBytes: "10Gi", upToRows: 10_000_000 };
  const [two, three] = [planResources(limits, load), planResources(limits, load, 3)];
  expect(three.batchBytesMax / two.batchBytesMax).toBeCloseTo(2 / 3);
  expect(three.batchRecordsMax / two.batchRecordsMax).toBeCloseTo(2 / 3);
});

test("a machine without a limit is taken whole", () => {
  const total = 8 * 1024 * mebibyte;
  expect(limitsOf({ constrained: 2 ** 64, total, cpus: 4 })).toEqual({ memoryBytes: total, cpus: 4 });
  expect(limitsOf({ constrained: 0, total, cpus: 4 })).toEqual({ memoryBytes: total, cpus: 4 });
  expect(limitsOf({ constrained: 512 * mebibyte, total, cpus: 4 })).toEqual({ memoryBytes: 512 * mebibyte, cpus: 4 });
});
