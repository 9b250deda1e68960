import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Told, Work } from "./pod.ts";
import type { Advance } from "./stalls.ts";

const podPath = fileURLToPath(new URL("pod.ts", import.meta.url));

/** Pods of one pipeline, as many as wanted, and all they told of their reading. */
export class Pods implements AsyncDisposable {
  readonly advances: Advance[] = [];
  readonly #work: Work;
  readonly #running: ChildProcess[] = [];
  readonly #ending = new Set<Promise<unknown>>();
  #started = 0;

  constructor(work: Work) {
    this.#work = work;
  }

  /** Pods that are loaded and wait to be told to begin: so that starting a process is no part of a step. */
  async prepare(count: number): Promise<readonly (() => void)[]> {
    return Promise.all(
      Array.from({ length: count }, async () => {
        const pod = this.#started++;
        const child = fork(podPath, { stdio: ["ignore", "ignore", "inherit", "ipc"], execArgv: [] });
        await once(child, "message");
        child.on("message", ({ split, offset }: Told) => {
          if (offset !== null) this.advances.push({ pod, split, offset, atMs: Date.now() });
        });
        return () => {
          this.#running.push(child);
          child.send({ ...this.#work, directory: this.#work.directory });
        };
      }),
    );
  }

  /** Tells the newest to end, as Kubernetes does. */
  end(count: number): void {
    for (const child of this.#running.splice(-count)) {
      const ended = once(child, "exit").finally(() => this.#ending.delete(ended));
      this.#ending.add(ended);
      child.kill("SIGTERM");
    }
  }

  /** Resolves when all that were told to have ended. */
  async ended(): Promise<void> {
    await Promise.all(this.#ending);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end(this.#running.length);
    await this.ended();
  }
}
