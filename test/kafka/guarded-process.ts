import { type ChildProcess, spawn } from "node:child_process";

/**
 * Runs a command that dies with us, however we die: a shell waits on our end of a pipe, which the kernel closes, and then
 * kills the command, runs `$AFTERWARDS` and removes `$DIRECTORY`. Before that, a line on the pipe names the signal to send.
 */
const guard = `
exec 3<&0
"$@" </dev/null &
child=$!
{
  while read -r signal <&3; do
    if [ -n "$CONTAINER" ]; then docker kill -s "$signal" "$CONTAINER"; else kill -"$signal" $child; fi
  done
  trap '' TERM
  [ -n "$CONTAINER" ] && docker kill "$CONTAINER"
  kill -KILL $child 2>/dev/null
  sleep 0.2
  [ -n "$AFTERWARDS" ] && sh -c "$AFTERWARDS"
  [ -n "$DIRECTORY" ] && rm -rf "$DIRECTORY"
} </dev/null >/dev/null 2>&1 &
watcher=$!
wait $child
code=$?
kill $watcher 2>/dev/null
exit $code
`;

/** Lines of output kept to explain a failure. */
const linesMax = 40;

/** A process that never outlives us. */
export interface GuardedProcess {
  /** Resolves to the line of the output that contains `text`; throws with the last output when the process ends first or time is up. */
  saw(text: string, timeoutMs: number): Promise<string>;
  /** Asks it to end (SIGTERM) and waits; after `graceMs` it is killed. */
  stop(graceMs: number): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  readonly running: boolean;
}

/** What is known of the process. */
export interface GuardOptions {
  /** What it is, for errors. */
  readonly name: string;
  /** A directory that goes when we go without stopping the process. */
  readonly removed?: string;
  /** A shell script that runs before that, when we go without stopping the process. */
  readonly afterwards?: string;
  /** The Docker container that the command runs in: signals go there, since a killed `docker run` leaves it behind. */
  readonly container?: string;
}

/** Starts `command`. Errors of starting show in `saw`. */
export function startGuarded(command: readonly string[], options: GuardOptions): GuardedProcess {
  const child = spawn("sh", ["-c", guard, "guard", ...command], {
    stdio: ["pipe", "pipe", "pipe"],
    // A session of its own: who ends our whole process group, such as a terminal or a timeout, must not end the guard with it.
    detached: true,
    env: {
      ...process.env,
      AFTERWARDS: options.afterwards ?? "",
      DIRECTORY: options.removed ?? "",
      CONTAINER: options.container ?? "",
    },
  });
  // The pipe may be gone by the time we write to it: then the process is, too.
  child.stdin.on("error", () => {});
  const output = lines(child);
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return {
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    saw: (text, timeoutMs) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const fail = (why: string) => reject(new Error(`${options.name}: ${why}\n${output.last.join("\n")}`));
      const timer = setTimeout(() => fail(`not ready after ${timeoutMs / 1000} s`), timeoutMs);
      output.watch((line) => line.includes(text) && resolve(line));
      void gone.then(() => fail("ended before it was ready"));
      return promise.finally(() => clearTimeout(timer));
    },
    stop: async (graceMs) => {
      child.stdin.write("TERM\n");
      const timer = setTimeout(() => child.stdin.write("KILL\n"), graceMs);
      await gone;
      clearTimeout(timer);
    },
    kill: async () => {
      child.stdin.write("KILL\n");
      await gone;
    },
  };
}

function lines(child: ChildProcess) {
  const last: string[] = [];
  const watchers: ((line: string) => void)[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream?.setEncoding("utf8").on("data", (text: string) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) {
        last.push(line);
        if (last.length > linesMax) last.shift();
        for (const watcher of watchers) watcher(line);
      }
    });
  }
  return {
    last,
    watch: (watcher: (line: string) => void) => {
      for (const line of last) watcher(line);
      watchers.push(watcher);
    },
  };
}
