import { constants, copyFile, open, rm } from "node:fs/promises";

/** Writes a new file and syncs it to disk. Its name is durable only after `syncDirectory`. Leaves nothing behind when it fails. */
export async function writeDurably(path: string, text: string): Promise<void> {
  await orNothing(path, async () => {
    const file = await open(path, "wx");
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  });
}

/** Copies a file, also from another file system, and syncs the copy. Its name is durable only after `syncDirectory`. Leaves nothing behind when it fails. */
export async function copyDurably(from: string, path: string): Promise<void> {
  await orNothing(path, async () => {
    await copyFile(from, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    const file = await open(path, "r+");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  });
}

/** Makes the names in a directory durable: new ones, renamed ones, removed ones. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function orNothing(path: string, make: () => Promise<void>): Promise<void> {
  try {
    await make();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}
