import { tmpdir } from "node:os";
import { performance } from "node:perf_hooks";
import { isProcessRunning, makeScratchDirectory, type ScratchDirectory } from "../runtime/pod/scratch-directory.ts";

/** A directory for files that live as long as the command: in memory where there is such a place with room, else on disk. */
export function openScratch(): Promise<ScratchDirectory> {
  const self = { pid: process.pid, startMs: performance.timeOrigin, isRunning: isProcessRunning };
  return makeScratchDirectory([...(process.platform === "linux" ? ["/dev/shm"] : []), tmpdir()], self);
}
