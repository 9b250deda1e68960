import { stripVTControlCharacters } from "node:util";
import { runProgram } from "../../cli/program.ts";
import type { Shell } from "../../cli/shell.ts";

/** What a command line wrote and how it ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the shell is like. */
export interface ShellOptions {
  readonly directory?: string;
  readonly stdin?: string;
  readonly colour?: boolean;
}

/** Runs a command line in this process and keeps what it writes. Paths start at the process's own directory. */
export async function snowline(args: readonly string[], options: ShellOptions = {}): Promise<Ran> {
  let stdout = "";
  let stderr = "";
  const shell: Shell = {
    stdout: { write: (text) => void (stdout += text) },
    stderr: { write: (text) => void (stderr += text) },
    stdin: () => Promise.resolve(options.stdin ?? ""),
    environment: {},
    directory: options.directory ?? process.cwd(),
    now: () => Date.now(),
    onSignal: () => ({ [Symbol.dispose]: () => {} }),
    colour: options.colour,
  };
  const code = await runProgram(args, shell, "1.2.3");
  return { code, stdout: options.colour === true ? stdout : stripVTControlCharacters(stdout), stderr };
}
