import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { runProgram } from "./program.ts";
import type { Shell } from "./shell.ts";

const colourOf = (env: NodeJS.ProcessEnv): boolean | undefined => {
  if ((env["NO_COLOR"] ?? "") !== "") return false;
  if ((env["FORCE_COLOR"] ?? "") !== "") return env["FORCE_COLOR"] !== "0";
  return undefined;
};

const shell: Shell = {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: () => text(process.stdin),
  environment: process.env,
  directory: process.cwd(),
  now: () => Date.now(),
  onSignal(handle) {
    process.on("SIGINT", handle);
    process.on("SIGTERM", handle);
    return {
      [Symbol.dispose]() {
        process.off("SIGINT", handle);
        process.off("SIGTERM", handle);
      },
    };
  },
  colour: colourOf(process.env),
};

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };

// A reader that stops early, such as head, is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

process.exitCode = await runProgram(process.argv.slice(2), shell, version);
