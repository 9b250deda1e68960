import { mkdtemp, readdir, rm, statfs } from "node:fs/promises";
import { join } from "node:path";

/** Least free space for hand-over files, in bytes: three batches of 64 MiB. A container's own /dev/shm is smaller unless it was told otherwise. */
const freeBytesMin = 192 * 2 ** 20;

/** A directory for files that live as long as the process. Disposing of it deletes it. */
export interface ScratchDirectory extends AsyncDisposable {
  readonly path: string;
}

/** A process. Its start tells it from a former one with the same id, as every restart of a container makes. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Milliseconds since the epoch, as `performance.timeOrigin` has them. */
  readonly startMs: number;
  isRunning(pid: number): boolean;
}

/**
 * Makes a scratch directory in the first of `bases` that has room, or in the last. Deletes what processes that are gone have
 * left there: after kill -9 nobody else does.
 */
export async function makeScratchDirectory(bases: readonly string[], self: ProcessIdentity): Promise<ScratchDirectory> {
  const base = await firstWithRoom(bases);
  const own = `snowline-${self.pid}-${Math.floor(self.startMs)}-`;
  for (const name of await readdir(base)) {
    const owner = /^snowline-([0-9]+)-[0-9]+-/.exec(name)?.[1];
    if (owner === undefined || name.startsWith(own)) continue;
    const gone = Number(owner) === self.pid || !self.isRunning(Number(owner));
    if (gone) await rm(join(base, name), { recursive: true, force: true }).catch(() => {});
  }
  const path = await mkdtemp(join(base, own));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function firstWithRoom(bases: readonly string[]): Promise<string> {
  for (const base of bases.slice(0, -1)) {
    const space = await statfs(base).catch(() => null);
    if (space !== null && space.bavail * space.bsize >= freeBytesMin) return base;
  }
  const last = bases.at(-1);
  if (last === undefined) throw new Error("scratch directory: no place was named");
  return last;
}

/** Whether a process with this id runs on this machine, be it another user's. */
export function isProcessRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
