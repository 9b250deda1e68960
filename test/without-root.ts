import { chmod } from "node:fs/promises";

/** The user `nobody` of Linux. */
const nobody = 65_534;

/**
 * Does `work` as a user whom file permissions stop: as `nobody` where the tests run as root, whom nothing stops. `directory` is
 * opened for that user, its contents are not. The whole process changes its user, so nothing else may go on meanwhile.
 */
export async function withoutRoot<T>(directory: string, work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  await chmod(directory, 0o777);
  process.seteuid!(nobody);
  try {
    return await work();
  } finally {
    process.seteuid!(0);
  }
}
