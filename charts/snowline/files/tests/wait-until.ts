import { setTimeout as sleep } from "node:timers/promises";

const pauseMs = 1000;

/** How far something is, in a line. */
export interface Progress {
  readonly done: boolean;
  readonly line: string;
}

/**
 * Looks once a second until it is done and says each line that is new, in the pod's log. Ends
 * the process with 1 and the `hint` once the time is over.
 */
export async function waitUntil(
  look: () => Promise<Progress>,
  { seconds, hint }: { seconds: number; hint: string },
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (let last = ""; ; await sleep(pauseMs)) {
    const { done, line } = await look().catch((error: unknown) => ({ done: false, line: reason(error) }));
    if (line !== last) process.stdout.write(`${line}\n`);
    last = line;
    if (done) return;
    if (Date.now() > deadline) {
      process.stdout.write(`FAILED after ${seconds} s: ${hint}\n`);
      process.exit(1);
    }
  }
}

/** fetch says only that it failed; its cause says why. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
