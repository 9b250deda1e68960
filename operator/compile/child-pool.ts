import type { CompileRequest } from "./compile-message.ts";
import { type CompileProcess, type Outcome, startCompileProcess } from "./compile-process.ts";

/** Children that compile; as many as there are runs at once. Disposing of it ends them, runs included. */
export interface ChildPool extends AsyncDisposable {
  /** Compiles in a child that is free, or in a new one. Never throws. */
  run(request: CompileRequest): Promise<Outcome>;
  /** Process ids of the children there are. */
  readonly children: readonly number[];
}

/** A child that died may have been somebody else's victim: the SQL is to blame when it happens again. */
export const triesMax = 2;

interface Pool {
  readonly idleMs: number;
  readonly free: { readonly child: CompileProcess; readonly timer: NodeJS.Timeout }[];
  readonly all: Set<CompileProcess>;
  closed: boolean;
}

/** Opens an empty one. A child without work for `idleMs` milliseconds is ended. */
export function openChildPool(idleMs: number): ChildPool {
  const pool: Pool = { idleMs, free: [], all: new Set(), closed: false };
  return {
    run: async (request) => {
      for (let tries = 1; ; tries++) {
        if (pool.closed) return { kind: "unstarted", how: "it was closed" };
        const child = takeChild(pool);
        const outcome = await child.run(request);
        giveBack(pool, child);
        if ((outcome.kind !== "died" && outcome.kind !== "unstarted") || tries === triesMax) return outcome;
      }
    },
    get children() {
      return [...pool.all].flatMap(({ pid }) => pid ?? []);
    },
    [Symbol.asyncDispose]: async () => {
      pool.closed = true;
      for (const { timer } of pool.free.splice(0)) clearTimeout(timer);
      await Promise.all([...pool.all].map((child) => child.kill()));
    },
  };
}

function takeChild(pool: Pool): CompileProcess {
  for (let free = pool.free.pop(); free !== undefined; free = pool.free.pop()) {
    clearTimeout(free.timer);
    if (free.child.alive) return free.child;
    pool.all.delete(free.child);
  }
  const child = startCompileProcess();
  pool.all.add(child);
  return child;
}

function giveBack(pool: Pool, child: CompileProcess): void {
  if (!child.alive || pool.closed) {
    pool.all.delete(child);
    return;
  }
  const end = (): void => {
    const at = pool.free.findIndex((free) => free.child === child);
    pool.free.splice(at, 1);
    void child.kill().finally(() => pool.all.delete(child));
  };
  pool.free.push({ child, timer: setTimeout(end, pool.idleMs) });
}
