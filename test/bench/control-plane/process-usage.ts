import { readdir, readFile } from "node:fs/promises";

/** What a process and its children use. */
export interface ProcessUsage {
  /** Resident; a page that several processes share, such as the program itself, counts once in all, as in a container's limit. */
  readonly residentBytes: number;
  /** User and system time of those that are there now and of children that have ended. */
  readonly cpuSeconds: number;
}

/** Clock ticks a second that /proc counts in. Linux has had 100 everywhere for decades. */
const ticksPerSecond = 100;
const bytesPerKilobyte = 1024;

/** Of `pid` and all below it; zeros once it is gone. Linux only. */
export async function usageOf(pid: number): Promise<ProcessUsage> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    const resident = /^Pss:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? "0";
    const below = await Promise.all((await childrenOf(pid)).map(usageOf));
    return {
      residentBytes: Number(resident) * bytesPerKilobyte + sum(below, "residentBytes"),
      cpuSeconds: ticks / ticksPerSecond + sum(below, "cpuSeconds"),
    };
  } catch {
    return { residentBytes: 0, cpuSeconds: 0 };
  }
}

const sum = (usages: readonly ProcessUsage[], field: keyof ProcessUsage): number =>
  usages.reduce((total, usage) => total + usage[field], 0);

async function childrenOf(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const texts = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "utf8").catch(() => "")),
  );
  return texts.flatMap((text) => text.trim().split(" ").filter(Boolean).map(Number));
}
