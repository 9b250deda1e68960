import { NotConnected, Terminal } from "../../component/errors.ts";

/** Errors that pass by themselves or by somebody making room. */
const passing: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the device: make room",
  EDQUOT: "the disk quota is used up: make room",
  EFBIG: "the file would be larger than this process may write: raise the limit",
  EIO: "the device reported an input/output error",
  ESTALE: "the network file system lost the file: mount it again",
  ETIMEDOUT: "the network file system does not answer",
  EMFILE: "too many open files",
  ENFILE: "too many open files",
  EBUSY: "it is busy",
  EAGAIN: "it is busy",
  ENOMEM: "out of memory",
};
const forOwner: Readonly<Record<string, string>> = {
  EACCES: "permission denied: let this process write there, or name another directory",
  EPERM: "not permitted (a file system without hard links cannot be used): name another directory",
  ENOTSUP: "the file system cannot make hard links: name another directory",
  EROFS: "the file system is read-only: name another directory",
  ENOTDIR: "a part of the path is no directory: name another one",
  ENOENT: "a file or directory has vanished while the pipeline ran: put it back, or start over with an empty directory",
};

/** What the engine should make of an error of the file system. Other errors pass as they are. */
export function steered(error: unknown, directory: string): Error {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return error as Error;
  const subject = `directory ${directory}`;
  const { path } = error as NodeJS.ErrnoException;
  const where = path === undefined ? "" : ` (${path})`;
  const reason = passing[error.code];
  if (reason !== undefined) return new NotConnected(`${subject}: ${reason}${where}; loading goes on by itself`, { cause: error });
  const advice = forOwner[error.code];
  return advice === undefined ? error : new Terminal("DirectoryNotUsable", `${subject}: ${advice}${where}`, { cause: error });
}

/** True where the file system answered with this code. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
