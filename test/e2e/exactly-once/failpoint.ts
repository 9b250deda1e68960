import { AsyncLocalStorage } from "node:async_hooks";
import { writeSync } from "node:fs";
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { DuckDBConnection } from "@duckdb/node-api";

/**
 * When a process kills or stops itself. Effects are file operations and DuckDB statements of the sink and the dead letters, and
 * whatever the process writes to a socket.
 */
export interface Failpoint {
  /** Which effect since the start, from 1. */
  readonly effect: number;
  /** `inside`: so many microseconds after it began. */
  readonly when: "before" | "inside" | "after";
  readonly insideMicros: number;
  /** `SIGSTOP` makes a zombie, for somebody else to wake up. */
  readonly signal: "SIGKILL" | "SIGSTOP";
  /** Counts only file operations of this name, in calls of this name: `link` in `write`. */
  readonly only?: { readonly operation: string; readonly call: string };
}

/** File operations that change something, or decide. */
const fileOperations = [
  "appendFile",
  "copyFile",
  "link",
  "mkdir",
  "open",
  "readFile",
  "readdir",
  "rename",
  "rm",
  "unlink",
  "writeFile",
] as const;
const handleOperations = ["appendFile", "close", "datasync", "sync", "write", "writeFile", "writev"] as const;

type Call = (...args: unknown[]) => unknown;
type Patched = Record<string, Call | undefined>;

// A thread of its own strikes at its microsecond, whatever the other threads are doing.
const executionerThread = `
  const { parentPort, workerData } = require("node:worker_threads");
  parentPort.on("message", (micros) => {
    const until = process.hrtime.bigint() + BigInt(micros) * 1000n;
    while (process.hrtime.bigint() < until);
    process.kill(process.pid, workerData);
  });`;

/** Watches the effects and ends or stops the process at the failpoint. */
export class Executioner {
  readonly #failpoint: Failpoint;
  readonly #watched = new AsyncLocalStorage<string>();
  readonly #thread: Worker;
  #effects = 0;

  private constructor(failpoint: Failpoint) {
    this.#failpoint = failpoint;
    this.#thread = new Worker(executionerThread, { eval: true, workerData: failpoint.signal });
    this.#thread.unref();
  }

  static async start(failpoint: Failpoint): Promise<Executioner> {
    const executioner = new Executioner(failpoint);
    const handle = await fs.open(process.execPath, "r");
    executioner.#patch(Object.getPrototypeOf(handle) as Patched, handleOperations);
    await handle.close();
    executioner.#patch(fs as unknown as Patched, fileOperations);
    executioner.#patch(DuckDBConnection.prototype as unknown as Patched, ["run", "runAndReadAll", "stream"]);
    executioner.#patchSockets();
    syncBuiltinESMExports();
    return executioner;
  }

  /** HTTP clients write to sockets from wherever a connection becomes free, so these count whoever calls. */
  #patchSockets(): void {
    const reach = (name: string, call: () => unknown): unknown =>
      this.#reach(name, this.#watched.getStore() ?? "the background", call);
    const { write } = Socket.prototype as unknown as { write: Call };
    (Socket.prototype as unknown as Patched)["write"] = function patched(this: Socket, ...args: unknown[]) {
      if (this.remotePort === undefined) return write.apply(this, args);
      return reach(`send ${requestLine(args[0])}`, () => write.apply(this, args));
    };
  }

  /** Effects inside `call` count. */
  watch<T>(name: string, call: () => Promise<T>): Promise<T> {
    return this.#watched.run(name, call);
  }

  #patch(owner: Patched, names: readonly string[]): void {
    const reach = (name: string, call: () => unknown): unknown => this.#reach(name, this.#watched.getStore(), call);
    for (const name of names) {
      const original = owner[name];
      if (original === undefined) continue;
      owner[name] = function patched(this: unknown, ...args: unknown[]) {
        return reach(name, () => original.apply(this, args));
      };
    }
  }

  #reach(name: string, watched: string | undefined, call: () => unknown): unknown {
    const { effect, when, insideMicros, signal, only } = this.#failpoint;
    const counts = watched !== undefined && (only === undefined || (only.operation === name && only.call === watched));
    if (!counts || ++this.#effects !== effect) return call();
    const strike = (): void => {
      process.kill(process.pid, signal);
    };
    writeSync(1, `${when} effect ${effect}: ${name} in ${watched}\n`);
    if (when === "before") strike();
    if (when === "inside") this.#thread.postMessage(insideMicros);
    const result = call();
    return when === "after" ? Promise.resolve(result).finally(strike) : result;
  }
}

/** Method and path of a request that begins here, without its ids; `bytes` for the rest of one. */
function requestLine(chunk: unknown): string {
  const text = typeof chunk === "string" ? chunk.slice(0, 300) : Buffer.isBuffer(chunk) ? chunk.toString("latin1", 0, 300) : "";
  const line = /^([A-Z]+ \/[^ ?]*)/.exec(text)?.[1];
  return line === undefined ? "bytes" : line.replace(/[0-9a-f-]{32,36}|[A-Z0-9_$%]{12,}/gi, "…");
}
