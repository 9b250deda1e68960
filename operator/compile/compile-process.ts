import { fork } from "node:child_process";
import { getCompileCacheDir } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { CompileMessage, CompileRequest, Verdict } from "./compile-message.ts";

/** How one compile went. */
export type Outcome =
  | { readonly kind: "verdict"; readonly verdict: Verdict; readonly spent: boolean }
  /** No answer within the deadline. */
  | { readonly kind: "late" }
  /** It needed more memory than the child may have. */
  | { readonly kind: "memory" }
  /** It never came so far as to begin. */
  | { readonly kind: "unstarted"; readonly how: string }
  /** The child ended over it: by signal or exit code. */
  | { readonly kind: "died"; readonly how: string };

/** A child that compiles, one request at a time. It is no longer `alive` after SQL that it could not cope with. */
export interface CompileProcess {
  /** Never throws. Not to be called before the last call has come back. */
  run(request: CompileRequest): Promise<Outcome>;
  readonly alive: boolean;
  readonly pid: number | undefined;
  /** SIGKILL: there is nothing to save. Resolves when it is gone. */
  kill(): Promise<void>;
}

/** V8's heap of the child, in megabytes: it holds one spec and its parsed SQL. */
const heapMegabytesMax = 256;
/** Of it, what is new, in megabytes: what one compile leaves is garbage at the next. */
const youngMegabytesMax = 2;
/** Longest a child may take to start on a busy node, in milliseconds. */
const startMsMax = 30_000;
/** Beyond the child's own limit on compiling, for the case that the child is stuck itself, in milliseconds. */
const graceMs = 1_000;

const program = fileURLToPath(new URL("./compile-child.ts", import.meta.url));

/** So that glibc's allocator keeps less of what threads give back: 35 MB of a child are resident, not 60. */
const allocator = { MALLOC_ARENA_MAX: "2", MALLOC_TRIM_THRESHOLD_: "131072" } as const;

/** Starts a child. It has none of the operator's environment: nothing of it reaches the place where owners' SQL is read. */
export function startCompileProcess(): CompileProcess {
  const child = fork(program, [], {
    env: { ...allocator, ...compileCache() },
    execArgv: [
      `--max-old-space-size=${heapMegabytesMax}`,
      `--max-semi-space-size=${youngMegabytesMax}`,
      "--disable-warning=ExperimentalWarning",
    ],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const ready = Promise.withResolvers<null>();
  const gone = Promise.withResolvers<Extract<Outcome, { kind: "died" }>>();
  let answer = Promise.withResolvers<Outcome>();
  let alive = true;
  const end = (how: string): void => {
    alive = false;
    gone.resolve({ kind: "died", how });
  };
  child.on("message", (message: CompileMessage) => {
    if (message.kind === "ready") ready.resolve(null);
    else answer.resolve(message);
  });
  child.on("error", ({ message }) => end(message));
  child.on("exit", (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
  const kill = async (): Promise<void> => {
    alive = false;
    child.kill("SIGKILL");
    await gone.promise;
  };
  return {
    get alive() {
      return alive;
    },
    pid: child.pid,
    kill,
    run: async (request) => {
      const started = await before(startMsMax, [ready.promise, gone.promise]);
      if (started !== null) {
        await kill();
        return { kind: "unstarted", how: started.kind === "died" ? started.how : `not ready after ${startMsMax / 1000} s` };
      }
      answer = Promise.withResolvers();
      // Where the child is gone by now, `gone` tells.
      child.send(request, () => {});
      const outcome = await before(request.compileMsMax + graceMs, [answer.promise, gone.promise]);
      if (outcome.kind !== "verdict" || outcome.spent) await kill();
      return outcome;
    },
  };
}

/** Where Node finds what it has compiled, if it keeps it: it names the part that is this version's. */
function compileCache(): Readonly<Record<string, string>> {
  const directory = getCompileCacheDir();
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: dirname(directory) };
}

async function before<T>(ms: number, promises: readonly Promise<T>[]): Promise<T | { readonly kind: "late" }> {
  const late = Promise.withResolvers<{ readonly kind: "late" }>();
  const timer = setTimeout(() => late.resolve({ kind: "late" }), ms);
  return Promise.race([...promises, late.promise]).finally(() => clearTimeout(timer));
}
