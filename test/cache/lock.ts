import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** How long another process may take to make something before we give up waiting: all of Kubernetes on a busy machine. */
const lockWaitMs = 40 * 60_000;
const lockPollMs = 250;

/** Takes turns with other processes: waits until `path` can be made. Disposing gives it up; a holder that is gone holds nothing. */
export async function lock(path: string): Promise<AsyncDisposable> {
  const deadline = Date.now() + lockWaitMs;
  for (;;) {
    try {
      await mkdir(path);
      await writeFile(join(path, "pid"), String(process.pid));
      return { [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (await abandoned(path)) await rm(path, { recursive: true, force: true });
    else if (Date.now() > deadline) throw new Error(`cache: another process has held ${path} for too long; remove it`);
    else await sleep(lockPollMs);
  }
}

async function abandoned(path: string): Promise<boolean> {
  const pid = Number(await readFile(join(path, "pid"), "utf8").catch(() => ""));
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
