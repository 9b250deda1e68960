import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Total } from "./total.ts";

const root = join(import.meta.dirname, "..");

/** One check of `npm test`: a Node program of this repository that exits 0 when all is well. */
export interface Step {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** What to do when it fails, in a few words. */
  readonly fix: string;
}

/** How a program is run. */
export interface RunOptions {
  /** True: it writes to our terminal. */
  readonly shown?: boolean;
  /** Words before the command, such as nsenter's. */
  readonly enter?: readonly string[];
  /** On top of our own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a Node program of this repository; resolves to its exit code (1 for a signal) and, unless it is `shown`, what it printed. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { shown = false, enter = [], env = {} }: RunOptions = {},
): Promise<{ code: number; output: string }> {
  const [command, ...words] = [...enter, process.execPath, join(root, program), ...args] as [string, ...string[]];
  const child = spawn(command, words, {
    cwd: root,
    stdio: shown ? "inherit" : ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (text: string) => (output += text));
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.on("error", reject);
  child.on("close", (code) => resolve(code ?? 1));
  return { code: await promise, output };
}

/** Runs one step and prints one line about it; what it printed itself is shown only if it failed. */
export async function runStep(step: Step): Promise<Total> {
  const startMs = performance.now();
  const { code, output } = await runProgram(step.program, step.args);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  if (code === 0) {
    console.log(`ok      ${step.name} (${seconds} s)`);
    return { passed: 1, failed: 0, skipped: 0 };
  }
  console.log(`${output.trimEnd()}\nFAILED  ${step.name} (${seconds} s): ${step.fix}`);
  return { passed: 0, failed: 1, skipped: 0 };
}
