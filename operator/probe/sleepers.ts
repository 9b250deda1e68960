import type { ConnectionSpec } from "../../crds/kinds/connection.ts";
import type { PipelineSource } from "../../crds/kinds/pipeline.ts";
import type { Clock } from "../control/clock.ts";
import type { Api } from "../kube/api.ts";
import { keyText, type ObjectKey } from "../kube/object-key.ts";
import { connectionFiles } from "./connection-files.ts";
import { answered, failed, isNews, type ProbeMemory, type Probed, unprobed } from "./probed.ts";
import type { Prober } from "./prober.ts";

/** How often a source is asked while no pod runs, in milliseconds: the longest that a first record waits for a pod to be made. */
const everyMsDefault = 30_000;
/** Longest pause while a Connection fails, in times that of others: each is twice the one before. */
const pausesMax = 4;
/** Connections asked at a time: one whose brokers are down takes 15 s, and is not to hold up the others. */
const roundsMax = 16;
/** Questions over one Connection at a time. */
const perRoundMax = 4;

/** A pipeline that runs no pod, because there is nothing to read. */
export interface Sleeper {
  readonly pipeline: ObjectKey;
  readonly uid: string;
  readonly source: PipelineSource;
  /** The Connection that its source names. */
  readonly connection: { readonly name: string; readonly spec: ConnectionSpec };
}

/** Who sleeps, and what is known of their sources. */
export interface Sleepers {
  /** Its source is asked from now on, every 30 s. Costs nothing where it is so already. */
  keep(sleeper: Sleeper): void;
  /** It runs, or is gone: what was known of its source is forgotten. */
  forget(pipeline: ObjectKey): void;
  of(pipeline: ObjectKey): Probed;
  /** Asks until the signal is aborted. What was known before is kept. */
  run(signal: AbortSignal): void;
}

/** What sources are asked with. */
export interface SleepersOptions {
  /** Reads what a Connection refers to, at the moment of the question. */
  readonly api: Pick<Api, "get">;
  readonly prober: Pick<Prober, "ask">;
  readonly clock: Clock;
  /** How often a source is asked, in milliseconds. Default: 30 s. */
  readonly everyMs?: number;
  /** In [0, 1): so that those who fell asleep together are not asked together. */
  readonly random: () => number;
  /** A decision may follow from what is known now. */
  readonly onNews: (pipeline: ObjectKey) => void;
  /** A question had no answer. */
  readonly onFailure: (pipeline: ObjectKey) => void;
}

interface Entry {
  sleeper: Sleeper;
  memory: ProbeMemory;
}

/** Those who sleep behind one Connection. */
interface Round {
  readonly namespace: string;
  readonly entries: Map<string, Entry>;
  /** Rounds in a row in which all questions failed. */
  failures: number;
  stopTimer: () => void;
  asking: boolean;
}

interface State {
  readonly options: SleepersOptions;
  readonly rounds: Map<string, Round>;
  /** Rounds that are due and wait for room. */
  readonly due: Set<Round>;
  inFlight: number;
  signal: AbortSignal | null;
}

/**
 * Asks in rounds, one for each Connection: what that refers to is read once, handed on with each question, and forgotten with the
 * round. A namespace of a thousand pipelines that sleep costs a read in 30 seconds.
 */
export function createSleepers(options: SleepersOptions): Sleepers {
  const state: State = { options, rounds: new Map(), due: new Set(), inFlight: 0, signal: null };
  const roundOf = new Map<string, Round>();
  const forget = (pipeline: ObjectKey): void => {
    const text = keyText(pipeline);
    const round = roundOf.get(text);
    roundOf.delete(text);
    round?.entries.delete(text);
    if (round?.entries.size === 0) drop(state, round);
  };
  return {
    forget,
    keep: (sleeper) => {
      const text = keyText(sleeper.pipeline);
      const round = roundFor(state, sleeper);
      const known = roundOf.get(text);
      const entry = known?.entries.get(text);
      if (known === round && entry?.sleeper.uid === sleeper.uid) entry.sleeper = sleeper;
      else {
        forget(sleeper.pipeline);
        // Forgetting the last of a round ends it.
        const now = roundFor(state, sleeper);
        now.entries.set(text, { sleeper, memory: { probed: unprobed, ends: null } });
        roundOf.set(text, now);
      }
    },
    of: (pipeline) => roundOf.get(keyText(pipeline))?.entries.get(keyText(pipeline))?.memory.probed ?? unprobed,
    run: (signal) => {
      state.signal = signal;
      signal.addEventListener("abort", () => state.rounds.forEach(({ stopTimer }) => stopTimer()), { once: true });
      for (const round of state.rounds.values()) schedule(state, round, firstPauseMs(options));
    },
  };
}

const firstPauseMs = ({ everyMs = everyMsDefault, random }: SleepersOptions): number => everyMs * random();

function roundFor(state: State, { pipeline: { namespace }, connection: { name } }: Sleeper): Round {
  const key = keyText({ namespace, name });
  const known = state.rounds.get(key);
  if (known !== undefined) return known;
  const round: Round = { namespace, entries: new Map(), failures: 0, stopTimer: () => {}, asking: false };
  state.rounds.set(key, round);
  schedule(state, round, firstPauseMs(state.options));
  return round;
}

function drop({ rounds, due }: State, round: Round): void {
  round.stopTimer();
  due.delete(round);
  for (const [key, other] of rounds) if (other === round) rounds.delete(key);
}

function schedule(state: State, round: Round, delayMs: number): void {
  round.stopTimer();
  if (state.signal?.aborted !== false) return;
  round.stopTimer = state.options.clock.after(delayMs, () => {
    state.due.add(round);
    begin(state);
  });
}

/** Begins the rounds that are due, as far as there is room. */
function begin(state: State): void {
  const { signal } = state;
  for (const round of state.due) {
    if (state.inFlight >= roundsMax || signal?.aborted !== false) return;
    state.due.delete(round);
    if (round.asking) continue;
    round.asking = true;
    state.inFlight++;
    void runRound(state, round, signal);
  }
}

async function runRound(state: State, round: Round, signal: AbortSignal): Promise<void> {
  const answers = await ask(state, round, signal);
  state.inFlight--;
  round.asking = false;
  round.failures = answers > 0 ? 0 : round.failures + 1;
  const pauses = Math.min(pausesMax, 2 ** Math.max(0, round.failures - 1));
  const { everyMs = everyMsDefault, random } = state.options;
  if (round.entries.size > 0) schedule(state, round, pauses * everyMs * (0.9 + random() / 5));
  begin(state);
}

/** One round: answers how many questions had an answer. Never throws. */
async function ask(state: State, round: Round, signal: AbortSignal): Promise<number> {
  const files = new Map<string, Promise<Readonly<Record<string, string>>>>();
  const entries = [...round.entries.values()];
  let answers = 0;
  const next = async (): Promise<void> => {
    for (let entry = entries.shift(); entry !== undefined && !signal.aborted; entry = entries.shift())
      if (await askOne(state, entry, { files, signal })) answers++;
  };
  await Promise.all(Array.from({ length: perRoundMax }, next));
  return answers;
}

interface Asking {
  /** Of this round, by what was read: all of it by one Connection, which may change meanwhile. */
  readonly files: Map<string, Promise<Readonly<Record<string, string>>>>;
  readonly signal: AbortSignal;
}

async function askOne({ options }: State, entry: Entry, { files, signal }: Asking): Promise<boolean> {
  const { pipeline, source, connection } = entry.sleeper;
  const { api, prober, clock, onNews, onFailure } = options;
  const before = entry.memory;
  const spec = JSON.stringify(connection.spec);
  const reading = files.get(spec) ?? connectionFiles(connection.spec, { api, namespace: pipeline.namespace, signal });
  files.set(spec, reading);
  try {
    const answer = await prober.ask({ pipeline, source, connection: connection.spec, files: await reading });
    entry.memory = answered(before, answer, clock.now());
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    entry.memory = failed(before, error instanceof Error ? error.message : "it is not known why", clock.now());
    onFailure(pipeline);
    return false;
  } finally {
    if (!signal.aborted && isNews(before.probed, entry.memory.probed)) onNews(pipeline);
  }
}
