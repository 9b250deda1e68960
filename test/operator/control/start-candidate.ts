import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { defaultLeaseTiming, type LeaseTiming } from "../../../operator/control/lease.ts";

const program = fileURLToPath(new URL("./candidate-process.ts", import.meta.url));

/** A process of candidate-process.ts. */
export interface Candidate extends AsyncDisposable {
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  tell(command: string): void;
  /** Resolves with the first line that has these values; throws when time is up. */
  saw(wanted: Readonly<Record<string, unknown>>, timeoutMs: number): Promise<Readonly<Record<string, unknown>>>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
}

/** Who contends, and for what. */
export interface CandidateOptions {
  readonly kubeconfig: string;
  readonly lease: { readonly namespace: string; readonly name: string };
  readonly identity: string;
  readonly timing?: LeaseTiming;
}

/** Starts a candidate in a process of its own, which never outlives us: it ends with its standard input. */
export function startCandidate({ timing = defaultLeaseTiming, ...options }: CandidateOptions): Candidate {
  const child: ChildProcess = spawn(process.execPath, [program, JSON.stringify({ ...options, timing })], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin?.on("error", () => {});
  const lines: Readonly<Record<string, unknown>>[] = [];
  const watchers = new Set<() => void>();
  createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }).on("line", (line) => {
    lines.push(JSON.parse(line) as Record<string, unknown>);
    for (const watcher of watchers) watcher();
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  const fits = (line: Readonly<Record<string, unknown>>, wanted: Readonly<Record<string, unknown>>): boolean =>
    Object.entries(wanted).every(([name, value]) => line[name] === value);
  return {
    lines,
    tell: (command) => void child.stdin?.write(`${command}\n`),
    saw: (wanted, timeoutMs) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const line = lines.find((each) => fits(each, wanted));
          if (line === undefined) return;
          clearTimeout(timer);
          watchers.delete(look);
          resolve(line);
        };
        const timer = setTimeout(() => {
          watchers.delete(look);
          reject(
            new Error(`${options.identity}: no ${JSON.stringify(wanted)} within ${timeoutMs} ms:\n${JSON.stringify(lines)}`),
          );
        }, timeoutMs);
        watchers.add(look);
        look();
      }),
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
