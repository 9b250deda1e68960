import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Life, LifeReport } from "./child.ts";

const childPath = fileURLToPath(new URL("child.ts", import.meta.url));

/** How a life ended. */
export interface Death {
  /** True where it died at its failpoint or by `kill`; false where it came to its end. */
  readonly killed: boolean;
  readonly endedBy: string | null;
  readonly message: string | null;
  /** What it wrote: where it died, and warnings. */
  readonly output: string;
}

/** A process that runs a pipeline. */
export interface RunningLife {
  signal(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT" | "SIGTERM"): void;
  /** Resolves when it has written a line that matches; rejects when it ends without one. */
  said(line: RegExp): Promise<void>;
  readonly death: Promise<Death>;
}

/** Processes that run a pipeline one after the other. The next one starts up while one lives. */
export class Lives implements AsyncDisposable {
  #next: Promise<ChildProcess> | null = null;
  readonly #all = new Set<ChildProcess>();
  readonly #preloaded: readonly string[];

  /** `preloaded`: URLs of modules that a life has loaded before it begins, so that loading them is no part of its life. */
  constructor(preloaded: readonly string[] = []) {
    this.#preloaded = preloaded;
  }

  /** Begins a life. */
  async begin(life: Life): Promise<RunningLife> {
    const child = await (this.#next ?? this.#start());
    this.#next = this.#start();
    // A life that is never used is ended by dispose; nobody waits for it.
    this.#next.catch(() => {});
    return live(child, life);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#next?.catch(() => {});
    await Promise.all(
      [...this.#all].map(async (child) => {
        const exited = once(child, "exit");
        child.kill("SIGKILL");
        await exited;
      }),
    );
  }

  async #start(): Promise<ChildProcess> {
    const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "snowline-compile-cache") };
    const child = fork(childPath, [...this.#preloaded], { stdio: ["ignore", "pipe", "pipe", "ipc"], execArgv: [], env });
    this.#all.add(child);
    child.once("exit", () => this.#all.delete(child));
    let errors = "";
    const note = (chunk: Buffer): void => void (errors += chunk.toString());
    child.stderr?.on("data", note);
    const failed = once(child, "exit").then(() => {
      throw new Error(`a life ended before it began: ${errors}`);
    });
    failed.catch(() => {});
    await Promise.race([once(child, "message"), failed]);
    child.stderr?.off("data", note);
    return child;
  }
}

function live(child: ChildProcess, life: Life): RunningLife {
  let output = "";
  let ended: Extract<LifeReport, { kind: "ended" }> | null = null;
  const waiting = new Set<{ readonly line: RegExp; readonly resolve: () => void; readonly reject: (error: Error) => void }>();
  const hear = (): void => {
    for (const each of waiting) if (each.line.test(output)) each.resolve();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      hear();
    });
  }
  const said = (line: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.add({ line, resolve, reject });
      hear();
    });
  child.on("message", (report: LifeReport) => {
    if (report.kind === "ended") ended = report;
  });
  const death = once(child, "close").then((how: readonly unknown[]): Death => {
    const [code, signal] = how;
    for (const { line, reject } of waiting) reject(new Error(`a life ended without ${String(line)}: ${output}`));
    if (signal !== "SIGKILL" && code !== 0) throw new Error(`a life ended with ${String(code ?? signal)}: ${output}`);
    return { killed: signal === "SIGKILL", endedBy: ended?.endedBy ?? null, message: ended?.message ?? null, output };
  });
  child.send(life);
  return { signal: (signal) => void child.kill(signal), said, death };
}
