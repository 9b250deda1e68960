// npm test [-- vitest arguments]: every check, one line each, then the tests; the last line counts them all.
// With arguments it runs only those tests: `npm test -- test/tidy.test.ts`.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brokerProblem } from "./machine.ts";
import { runProgram, runStep, type Step } from "./step.ts";
import { add, none, type Total, totalLine, vitestTotal } from "./total.ts";

const steps: readonly Step[] = [
  { name: "types (tsc)", program: "node_modules/typescript/bin/tsc", args: ["-p", "."], fix: "fix the types named above" },
  {
    name: "rules (oxlint, type-aware)",
    program: "node_modules/oxlint/bin/oxlint",
    args: ["--deny-warnings", "--report-unused-disable-directives"],
    fix: "fix the lines named above; a disable comment needs its reason",
  },
  { name: "format (oxfmt)", program: "node_modules/oxfmt/bin/oxfmt", args: ["--check"], fix: "run `npm run format`" },
  {
    name: "dead code and dependencies (knip)",
    program: "node_modules/knip/bin/knip.js",
    args: [],
    fix: "remove what nothing uses",
  },
];

async function runTests(args: readonly string[]): Promise<Total> {
  const directory = mkdtempSync(join(tmpdir(), "snowline-test-"));
  const reportFile = join(directory, "report.json");
  try {
    const { code } = await runProgram(
      "node_modules/vitest/vitest.mjs",
      ["run", "--project", "test", "--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`, ...args],
      true,
    );
    return vitestTotal(readReport(reportFile), code);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function readReport(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined; // vitest did not get as far as writing it
  }
}

async function runAll(args: readonly string[]): Promise<Total> {
  let total = none;
  if (args.length > 0) return runTests(args);
  for (const step of steps) total = add(total, await runStep(step));
  const problem = await brokerProblem();
  if (problem === undefined) return add(total, await runTests([]));
  console.log(`FAILED  tests: ${problem}`);
  return add(total, { ...none, failed: 1 });
}

const total = await runAll(process.argv.slice(2));
console.log(`\n${totalLine(total)}`);
process.exitCode = total.failed === 0 ? 0 : 1;
