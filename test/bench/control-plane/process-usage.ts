import { readdir, readFile } from "node:fs/promises";

/** What a process and its children use. */
export interface ProcessUsage {
  /**
   * Resident. Pages of files, such as the program itself, count once, with those of whoever has most of them: a container's limit
   * counts a page once as well.
   */
  readonly residentBytes: number;
  /** User and system time of those that are there now and of children that have ended. */
  readonly cpuSeconds: number;
}

/** Clock ticks a second that /proc counts in. Linux has had 100 everywhere for decades. */
const ticksPerSecond = 100;
const bytesPerKilobyte = 1024;

/** Of `pid` and all below it; zeros once it is gone. Linux only. */
export async function usageOf(pid: number): Promise<ProcessUsage> {
  const all = await withChildren(pid);
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  return {
    residentBytes: sum(all.map(({ ownBytes }) => ownBytes)) + Math.max(0, ...all.map(({ fileBytes }) => fileBytes)),
    cpuSeconds: sum(all.map(({ cpuSeconds }) => cpuSeconds)),
  };
}

interface OneProcess {
  readonly ownBytes: number;
  readonly fileBytes: number;
  readonly cpuSeconds: number;
}

async function withChildren(pid: number): Promise<readonly OneProcess[]> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    const bytes = (name: string): number =>
      Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? "0") * bytesPerKilobyte;
    const below = await Promise.all((await childrenOf(pid)).map(withChildren));
    const itself = { ownBytes: bytes("RssAnon"), fileBytes: bytes("RssFile"), cpuSeconds: ticks / ticksPerSecond };
    return [itself, ...below.flat()];
  } catch {
    return [];
  }
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const texts = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "utf8").catch(() => "")),
  );
  return texts.flatMap((text) => text.trim().split(" ").filter(Boolean).map(Number));
}
