// npm test [-- vitest arguments]: every check, one line each, then the tests; the last line counts them all.
// With arguments it runs only those tests: `npm test -- test/tidy.test.ts`.
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clusterForTests } from "../test/cluster/cluster-for-tests.ts";
import { programs } from "../test/cluster/programs.ts";
import { brokerProblem } from "./machine.ts";
import { selection } from "./selection.ts";
import { type RunOptions, runProgram, runStep, type Step } from "./step.ts";
import { add, none, type Total, totalLine, vitestTotal } from "./total.ts";

const root = join(import.meta.dirname, "..");
const say = (line: string): void => console.log(`        ${line}`);

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

/** One vitest run of a project of vitest.config.ts. */
async function runProject(project: string, args: readonly string[], options: RunOptions = {}): Promise<Total> {
  const directory = mkdtempSync(join(tmpdir(), "snowline-test-"));
  const reportFile = join(directory, "report.json");
  try {
    const { code } = await runProgram(
      "node_modules/vitest/vitest.mjs",
      ["run", "--project", project, "--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`, ...args],
      { ...options, shown: true },
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

/** The tests of `test/e2e/cluster`: on one cluster, from within its network. */
async function runOnCluster(args: readonly string[]): Promise<Total> {
  try {
    await using cluster = await clusterForTests(say);
    return await runProject("cluster", args, { enter: cluster.enterNetwork, env: cluster.environment });
  } catch (error) {
    return failed("tests on a cluster", error instanceof Error ? error.message : String(error));
  }
}

async function runTests(args: readonly string[]): Promise<Total> {
  const files = globSync("test/**/*.test.ts", { cwd: root });
  const { here, onCluster, kubernetes } = selection(args, files);
  let total = none;
  try {
    // Now: the tests would wait for it, and give up.
    if (kubernetes) await programs(say);
  } catch (error) {
    return failed("tests", (error as Error).message);
  }
  if (here !== null) total = add(total, await runProject("test", here));
  if (onCluster !== null) total = add(total, await runOnCluster(onCluster));
  return total;
}

function failed(what: string, why: string): Total {
  console.log(`FAILED  ${what}: ${why}`);
  return { ...none, failed: 1 };
}

async function runAll(args: readonly string[]): Promise<Total> {
  let total = none;
  if (args.length > 0) return runTests(args);
  for (const step of steps) total = add(total, await runStep(step));
  const problem = await brokerProblem();
  if (problem !== undefined) return add(total, failed("tests", problem));
  return add(total, await runTests([]));
}

const total = await runAll(process.argv.slice(2));
console.log(`\n${totalLine(total)}`);
process.exitCode = total.failed === 0 ? 0 : 1;
