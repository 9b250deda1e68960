import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";

/** What one process used, from its start to its end. */
export interface Usage {
  readonly wallSeconds: number;
  /** User and system time of the process and its children. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/** What to run, and how long it may take. */
export interface MeasuredCommand {
  readonly command: readonly string[];
  readonly directory: string;
  readonly timeoutMs: number;
  /** Called once the process runs. */
  readonly onStart?: () => void;
}

/** How often the peak is read. The kernel keeps the peak itself, so only what grows in the last moments is missed. */
const peakPollMs = 50;
/** Runs the command and then writes what the shell's children used (POSIX `times`: the shell, then its children) to the pipe 3. */
const accounting = '"$@"; code=$?; times >&3; exit $code';

/** The largest resident size so far of the only child of a process; 0 while there is none. Linux only. */
async function peakOfChild(pid: number): Promise<number> {
  try {
    const [child] = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim().split(" ");
    const status = await readFile(`/proc/${child}/status`, "utf8");
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0; // it ended meanwhile
  }
}

/** Seconds of `0m1.25s`. */
const seconds = (time: string): number => {
  const [, minutes, rest] = /^(\d+)m([\d.]+)s$/.exec(time) ?? [];
  return Number(minutes) * 60 + Number(rest);
};

/** Runs a command to its end and accounts for it; throws with its last output if it fails or takes too long. */
export async function measure({ command, directory, timeoutMs, onStart }: MeasuredCommand): Promise<Usage> {
  const began = performance.now();
  const child = spawn("sh", ["-c", accounting, "sh", ...command], {
    cwd: directory,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    detached: true,
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${command[0]}: cannot be started`);
  onStart?.();
  const endGroup = () => process.kill(-pid, "SIGKILL");
  process.once("exit", endGroup);
  const timeout = setTimeout(endGroup, timeoutMs);
  let peakBytes = 0;
  const poll = setInterval(() => void peakOfChild(pid).then((bytes) => (peakBytes = Math.max(peakBytes, bytes))), peakPollMs);
  const outputs = child.stdio.slice(1).map((stream) => text(stream as Readable));
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [code, stdout = "", stderr = "", times = ""] = [await closed, ...(await Promise.all(outputs))] as const;
  const wallSeconds = (performance.now() - began) / 1000;
  clearInterval(poll);
  clearTimeout(timeout);
  process.off("exit", endGroup);
  if (code !== 0) throw new Error(`${command.join(" ")}: ended with ${code ?? "a signal"}\n${(stdout + stderr).slice(-2000)}`);
  const [user = "", system = ""] = (times.trim().split("\n")[1] ?? "").split(" ");
  return { wallSeconds, cpuSeconds: seconds(user) + seconds(system), peakBytes };
}
