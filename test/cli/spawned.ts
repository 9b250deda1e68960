import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../../bin/snowline.mjs", import.meta.url));

/** A command line that runs in a process of its own. Disposing of it kills it. */
export interface Spawned extends AsyncDisposable {
  readonly child: ChildProcess;
  /** What it has written so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves once what it wrote on stderr matches; rejects with everything it wrote if it ends without. */
  saw(pattern: RegExp): Promise<RegExpExecArray>;
  /** Its exit code. */
  ended(): Promise<number | null>;
}

/** Starts bin/snowline.mjs the way npx does. Its outputs are pipes; `more` are variables besides this process's. */
export function spawnSnowline(args: readonly string[], directory: string, more: Readonly<Record<string, string>> = {}): Spawned {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: directory,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", ...more },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const exit = once(child, "close") as Promise<[number | null]>;
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    saw: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(stderr);
          if (match !== null) resolve(match);
        };
        child.stderr.on("data", look);
        look();
        void exit.then(() => reject(new Error(`ended before it wrote ${pattern}:\n${stdout}\n${stderr}`)));
      }),
    ended: async () => (await exit)[0],
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exit;
    },
  };
}
