import { posix } from "node:path";

/** True where an absolute path is a directory's own or lies in it. */
export function isWithin(path: string, directory: string): boolean {
  const outer = posix.resolve(directory);
  return `${posix.resolve(path)}/`.startsWith(outer === "/" ? "/" : `${outer}/`);
}
