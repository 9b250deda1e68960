/** How many checks passed, failed and were skipped: single steps, or the tests of a whole vitest run. */
export interface Total {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Nothing ran. */
export const none: Total = { passed: 0, failed: 0, skipped: 0 };

/** The sum of two runs. */
export function add(one: Total, other: Total): Total {
  return { passed: one.passed + other.passed, failed: one.failed + other.failed, skipped: one.skipped + other.skipped };
}

/** The closing line of a run: `12 passed, 0 failed`, and `, 3 skipped` if any were. */
export function totalLine(total: Total): string {
  const skipped = total.skipped === 0 ? "" : `, ${total.skipped} skipped`;
  return `${total.passed} passed, ${total.failed} failed${skipped}`;
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly { readonly status: string }[] }[];
}

/**
 * Counts a vitest run from its JSON report and its exit code. A file that broke before its tests counts as one failed test, and
 * so does a run that exits non-zero without a failed test (an unhandled error), or that left no report (`undefined`).
 */
export function vitestTotal(reportText: string | undefined, exitCode: number): Total {
  if (reportText === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const report = JSON.parse(reportText) as VitestReport;
  const brokenFiles = report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed"),
  ).length;
  const failed = report.numFailedTests + brokenFiles;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}
