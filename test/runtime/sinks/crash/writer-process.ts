import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Rows } from "../../../../transform/rows.ts";
import type { SinkKind } from "./sink-writer.ts";

/** A sink-writer in a process of its own, to be stopped at any moment. */
export interface WriterProcess {
  readonly process: ChildProcess;
  /** Lines it has printed so far. */
  readonly lines: readonly string[];
  /** Resolves with the first line, past or future, that begins so; rejects when the process ends without one. */
  said(start: string, after?: number): Promise<string>;
  /** Kills it and waits until it is gone. */
  kill(): Promise<void>;
}

/** What the writer is told. */
export interface WriterOptions {
  readonly seed: number;
  /** Limits each file it writes, in the shell's blocks of 512 bytes: a disk that is full. */
  readonly fileBlocksMax?: number;
  /** Write these rows, as split 0's first, and end. */
  readonly rows?: Rows;
}

/** Starts a writer on the sink in `directory`. */
export function startWriter(kind: SinkKind, directory: string, { seed, fileBlocksMax, rows }: WriterOptions): WriterProcess {
  const script = fileURLToPath(new URL("sink-writer.ts", import.meta.url));
  const args = [script, kind, directory, String(seed), ...(rows === undefined ? [] : [JSON.stringify(rows)])];
  const child =
    fileBlocksMax === undefined
      ? spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
      : spawn("sh", ["-c", `ulimit -f ${fileBlocksMax}; exec "$0" "$@"`, process.execPath, ...args], {
          stdio: ["ignore", "pipe", "inherit"],
        });
  const lines: string[] = [];
  const listeners = new Set<() => void>();
  const reader = createInterface({ input: child.stdout });
  let ended = false;
  const tell = () => {
    for (const listener of listeners) listener();
  };
  reader.on("line", (line) => {
    lines.push(line);
    tell();
  });
  reader.on("close", () => {
    ended = true;
    tell();
  });
  const exited = once(child, "exit");
  return {
    process: child,
    lines,
    said: (start, after = 0) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const line = lines.slice(after).find((line) => line.startsWith(start));
          if (line === undefined && !ended) return;
          listeners.delete(look);
          if (line === undefined)
            reject(new Error(`the writer ended without "${start}"; it said: ${lines.slice(-3).join(" | ")}`));
          else resolve(line);
        };
        listeners.add(look);
        look();
      }),
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
