import { createHash } from "node:crypto";
import type { Problem } from "../../crds/check.ts";
import type { PipelineSpec } from "../../crds/kinds/pipeline.ts";
import { type ChildPool, openChildPool } from "./child-pool.ts";
import { type CompileRequest, compiledMembersOf, type Verdict } from "./compile-message.ts";
import { type LastingVerdict, verdictOf } from "./verdict-of.ts";
import { type VerdictCache, verdictCache } from "./verdict-cache.ts";

/** Clock and bounds of compiling. */
export interface CompilerOptions {
  /** Milliseconds since the epoch. */
  now(): number;
  /** SQL that takes longer is refused, in milliseconds. Default: 5 s. */
  readonly compileMsMax?: number;
  /** Without work for so long, a child is ended, in milliseconds. Default: 1 minute. */
  readonly idleMs?: number;
  /** Children at a time. Default: 2, so that one owner's endless SQL does not hold up another's. */
  readonly childrenMax?: number;
  /** Requests that wait for a child. Default: 256. */
  readonly waitingMax?: number;
}

/**
 * Compiles pipelines' SQL in child processes: SQL that spins, eats memory or crashes DuckDB ends its child, never the operator.
 * Verdicts are remembered by what was compiled. A spec has to have passed its schema.
 */
export interface Compiler extends AsyncDisposable {
  /**
   * Throws where nothing can be said about the SQL now: too many wait (try again later), no child can be started, `signal` has
   * ended.
   */
  compile(spec: PipelineSpec, signal: AbortSignal): Promise<Verdict>;
  /** The problems of `compile`. */
  check(spec: PipelineSpec, signal: AbortSignal): Promise<readonly Problem[]>;
  /** Process ids of the children there are. */
  readonly children: readonly number[];
}

const compileMsMaxDefault = 5_000;
const idleMsDefault = 60_000;
const childrenMaxDefault = 2;
/** At 25 ms a compile, what is last waits some six seconds. */
const waitingMaxDefault = 256;
/** SQL that takes longer than this, in milliseconds, has what waits behind it compiled by another child. A child starts in 400, on a busy machine in 1,000. */
const slowMs = 1_500;
/** A verdict is some hundred bytes, with hundreds of problems some ten kilobytes. */
const verdictsMax = 4_096;

/** A request and those who wait for it. */
interface Job {
  readonly key: string;
  readonly request: CompileRequest;
  readonly verdict: PromiseWithResolvers<Verdict>;
  asking: number;
}

interface Work {
  readonly bounds: { readonly compileMsMax: number; readonly childrenMax: number; readonly waitingMax: number };
  readonly verdicts: VerdictCache;
  /** Waiting and running, by key. */
  readonly jobs: Map<string, Job>;
  readonly waiting: Job[];
  readonly lanes: Set<Promise<void>>;
  /** Lanes that will look at `waiting` again. */
  busy: number;
  /** Those of them whose SQL takes long. */
  heldUp: number;
  readonly pool: ChildPool;
  closed: boolean;
}

/** Opens a compiler; it starts a child when there is something to compile. */
export function openCompiler(options: CompilerOptions): Compiler {
  const work: Work = {
    bounds: {
      compileMsMax: options.compileMsMax ?? compileMsMaxDefault,
      childrenMax: options.childrenMax ?? childrenMaxDefault,
      waitingMax: options.waitingMax ?? waitingMaxDefault,
    },
    verdicts: verdictCache(verdictsMax, () => options.now()),
    jobs: new Map(),
    waiting: [],
    lanes: new Set(),
    busy: 0,
    heldUp: 0,
    pool: openChildPool(options.idleMs ?? idleMsDefault),
    closed: false,
  };
  const compile: Compiler["compile"] = async (spec, signal) => {
    signal.throwIfAborted();
    const request = { members: compiledMembersOf(spec), compileMsMax: work.bounds.compileMsMax };
    const key = createHash("sha256").update(JSON.stringify(request.members)).digest("base64");
    return work.verdicts.get(key) ?? asked(work, work.jobs.get(key) ?? enqueue(work, key, request), signal);
  };
  return {
    compile,
    check: async (spec, signal) => (await compile(spec, signal)).problems,
    get children() {
      return work.pool.children;
    },
    [Symbol.asyncDispose]: async () => {
      work.closed = true;
      for (const job of work.waiting.splice(0)) settle(work, job, new Error("compiler: it was closed"));
      await work.pool[Symbol.asyncDispose]();
      await Promise.all(work.lanes);
    },
  };
}

function enqueue(work: Work, key: string, request: CompileRequest): Job {
  const { waitingMax } = work.bounds;
  if (work.closed) throw new Error("compiler: it was closed");
  if (work.waiting.length >= waitingMax)
    throw new Error(`compiler: ${waitingMax} pipelines wait to be compiled already; try again later`);
  const job: Job = { key, request, verdict: Promise.withResolvers(), asking: 0 };
  // Who asked may be gone when it fails.
  job.verdict.promise.catch(() => {});
  work.jobs.set(key, job);
  work.waiting.push(job);
  relieve(work);
  return job;
}

/** A child takes 150 MB: there is another only where all that there are have been held up. */
function relieve(work: Work): void {
  if (work.waiting.length === 0 || work.busy > work.heldUp || work.busy >= work.bounds.childrenMax) return;
  const lane = runLane(work).finally(() => work.lanes.delete(lane));
  work.lanes.add(lane);
}

/** A job's verdict for one who asks. A job that nobody waits for any more is dropped while it has not begun. */
async function asked(work: Work, job: Job, signal: AbortSignal): Promise<Verdict> {
  job.asking++;
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => {
    aborted.reject(new Error("compiler: the SQL was not compiled in time; try again later", { cause: signal.reason }));
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([job.verdict.promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
    job.asking--;
    const at = job.asking === 0 ? work.waiting.indexOf(job) : -1;
    if (at >= 0) settle(work, work.waiting.splice(at, 1)[0]!, new Error("compiler: nobody waits for it"));
  }
}

/** Runs what waits, one after the other, in one child. */
async function runLane(work: Work): Promise<void> {
  work.busy++;
  for (let job = work.waiting.shift(); job !== undefined; job = work.waiting.shift()) {
    let isHeldUp = false;
    const slow = setTimeout(() => {
      isHeldUp = true;
      work.heldUp++;
      relieve(work);
    }, slowMs);
    settle(work, job, verdictOf(await work.pool.run(job.request), job.request));
    clearTimeout(slow);
    if (isHeldUp) work.heldUp--;
  }
  work.busy--;
}

function settle(work: Work, job: Job, judged: LastingVerdict | Error): void {
  work.jobs.delete(job.key);
  if (judged instanceof Error) {
    job.verdict.reject(judged);
    return;
  }
  work.verdicts.set(job.key, judged.verdict, judged.holdsMs);
  job.verdict.resolve(judged.verdict);
}
