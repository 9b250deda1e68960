import type { ConnectionSpec } from "../../crds/kinds/connection.ts";
import type { PipelineSource } from "../../crds/kinds/pipeline.ts";
import type { Clock } from "../control/clock.ts";
import type { ObjectKey } from "../kube/object-key.ts";
import type { ProbeAnswer, ProbedSource } from "./probe-answer.ts";
import { type ProbeProcess, startProbeProcess } from "./probe-process.ts";

/** What is asked of a source. */
export interface ProbeQuestion {
  readonly pipeline: ObjectKey;
  readonly source: PipelineSource;
  readonly connection: ConnectionSpec;
  /** What the Connection refers to, in base64, by `secret/<name>/<key>` or `configMap/<name>/<key>`. */
  readonly files: Readonly<Record<string, string>>;
}

/** What it is made of. */
export interface ProberOptions {
  /** Path of the program that answers. */
  readonly program: string;
  readonly clock: Clock;
  /** Without a question for so long, the process is ended, in milliseconds. Default: 90 s, three rounds of questions. */
  readonly idleMs?: number;
  /** A question without an answer for so long ends the process, in milliseconds. Default: 20 s, since the program answers within 15. */
  readonly answerMsMax?: number;
}

/**
 * Asks sources how they stand, in a process of its own: whatever a client library does with a broker that misbehaves, it is not done
 * here, and no secret is kept here. The process is started with the first question, ended when there are none, and started again,
 * with growing pauses, when it ends by itself.
 */
export interface Prober extends AsyncDisposable {
  /** Throws Error with a sentence that holds no secret where there is no answer now. */
  ask(question: ProbeQuestion): Promise<ProbedSource>;
  /** Process id of the program; null while it does not run. */
  readonly pid: number | null;
}

const idleMsDefault = 90_000;
const answerMsMaxDefault = 20_000;
/** Longest question, in characters: what the program reads of a line. */
const questionCharsMax = 4 * 2 ** 20;
/** Pauses before the process is started again after it has ended by itself, in milliseconds. Each is twice the one before. */
const pauseMs = { first: 1_000, max: 60_000 } as const;

type Waiting = PromiseWithResolvers<ProbedSource> & { readonly stopTimer: () => void };

interface State {
  readonly options: ProberOptions;
  readonly waiting: Map<string, Waiting>;
  child: ProbeProcess | null;
  lastId: number;
  /** How often it has ended by itself since its last answer. */
  ends: number;
  /** It is not started again before, on the monotonic clock. */
  notBeforeMs: number;
  stopIdle: () => void;
  closed: boolean;
}

/** Opens it; nothing is started before the first question. */
export function openProber(options: ProberOptions): Prober {
  const state: State = {
    options,
    waiting: new Map(),
    child: null,
    lastId: 0,
    ends: 0,
    notBeforeMs: 0,
    stopIdle: () => {},
    closed: false,
  };
  return {
    ask: async (question) => ask(state, question),
    get pid() {
      return state.child?.pid ?? null;
    },
    [Symbol.asyncDispose]: async () => {
      state.closed = true;
      await drop(state, new Error("probe: it was closed"));
    },
  };
}

async function ask(state: State, question: ProbeQuestion): Promise<ProbedSource> {
  const { clock, answerMsMax = answerMsMaxDefault } = state.options;
  if (state.closed) throw new Error("probe: it was closed");
  const id = String(++state.lastId);
  const line = JSON.stringify({ id, ...question });
  if (line.length > questionCharsMax)
    throw new Error(`what the Connection refers to has ${line.length} characters, the probe reads ${questionCharsMax}`);
  const child = started(state);
  const late = `the probe did not answer within ${answerMsMax / 1000} s; it is started again`;
  const stopTimer = clock.after(answerMsMax, () => void drop(state, new Error(late)));
  const waiting: Waiting = { ...Promise.withResolvers<ProbedSource>(), stopTimer };
  state.stopIdle();
  state.waiting.set(id, waiting);
  child.send(line);
  return waiting.promise;
}

function started(state: State): ProbeProcess {
  const { clock, program } = state.options;
  if (state.child !== null) return state.child;
  const pause = state.notBeforeMs - clock.monotonic();
  if (pause > 0) throw new Error(`the probe ended by itself and is started again in ${Math.ceil(pause / 1000)} s`);
  const child = startProbeProcess(program, {
    onAnswer: (answer) => take(state, answer),
    onEnd: (how) => {
      if (state.child !== child) return;
      const delayMs = Math.min(pauseMs.max, pauseMs.first * 2 ** state.ends++);
      state.notBeforeMs = clock.monotonic() + delayMs;
      void drop(state, new Error(`the probe ended by itself (${how}); it is started again in ${delayMs / 1000} s`));
    },
  });
  state.child = child;
  return child;
}

function take(state: State, { id, source, error }: ProbeAnswer): void {
  const waiting = state.waiting.get(id);
  if (waiting === undefined) return;
  state.ends = 0;
  state.waiting.delete(id);
  waiting.stopTimer();
  if (source === null) waiting.reject(new Error(error));
  else waiting.resolve(source);
  if (state.waiting.size > 0) return;
  const { clock, idleMs = idleMsDefault } = state.options;
  state.stopIdle = clock.after(idleMs, () => void drop(state, new Error("probe: it was idle")));
}

/** Ends the process; who waits for an answer is told why there is none. */
async function drop(state: State, why: Error): Promise<void> {
  const { child } = state;
  state.child = null;
  state.stopIdle();
  for (const { reject, stopTimer } of state.waiting.values()) {
    stopTimer();
    reject(why);
  }
  state.waiting.clear();
  await child?.kill();
}
