import { expect, test } from "vitest";
import { add, totalLine, vitestTotal } from "../../development/total.ts";

const report = (failed: number, files: readonly (readonly [status: string, tests: readonly string[]])[]): string =>
  JSON.stringify({
    numPassedTests: 7,
    numFailedTests: failed,
    numPendingTests: 2,
    numTodoTests: 1,
    testResults: files.map(([status, tests]) => ({ status, assertionResults: tests.map((one) => ({ status: one })) })),
  });

test("a run counts its passed, failed and skipped tests", () => {
  expect(vitestTotal(report(1, [["failed", ["passed", "failed"]]]), 1)).toEqual({ passed: 7, failed: 1, skipped: 3 });
  expect(vitestTotal(report(0, [["passed", ["passed"]]]), 0)).toEqual({ passed: 7, failed: 0, skipped: 3 });
});

test("a file that breaks before its tests counts as one failure", () => {
  const files = [
    ["failed", []],
    ["failed", ["failed"]],
    ["failed", ["passed", "passed"]],
  ] as const;
  expect(vitestTotal(report(1, files), 1).failed).toBe(3);
});

test("a run that fails without a failed test, or without a report, is no success", () => {
  expect(vitestTotal(report(0, [["passed", ["passed"]]]), 1).failed).toBe(1);
  expect(vitestTotal(undefined, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test("the closing line names what was skipped only if something was", () => {
  expect(totalLine(add({ passed: 3, failed: 0, skipped: 0 }, { passed: 2, failed: 1, skipped: 0 }))).toBe("5 passed, 1 failed");
  expect(totalLine({ passed: 3, failed: 0, skipped: 4 })).toBe("3 passed, 0 failed, 4 skipped");
});
