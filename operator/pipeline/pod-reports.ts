import type { Clock } from "../control/clock.ts";
import type { ObjectKey } from "../kube/object-key.ts";
import type { AskPod } from "./ask-pod.ts";
import { createAskingOrder } from "./asking-order.ts";
import type { Told } from "./observe-pod.ts";
import { parseReport } from "./parse-report.ts";
import type { PodReport } from "./pod-report.ts";
import { answerDiffers, answerMatters } from "./status/urgency.ts";

/** How often a pod is asked, in milliseconds. */
const paceMs = {
  /** As fresh as a dashboard is wanted. */
  quick: 10_000,
  /** One that has nothing to do and said so twice: most of many pods rest, and each question takes half a millisecond of CPU. */
  slow: 30_000,
} as const;
/** Least time between two questions, in milliseconds, whoever is asked: 100 a second, so that with more than 1,000 pods each is asked less often. */
const spacingMs = 10;
/** Questions under way: pods that do not answer take two seconds each, and must not hold up the others for long. */
const inFlightMax = 32;
/** Answers that may fail to come before what a pod told last is out of date. */
const failuresMax = 3;
/** How soon a change that nobody would notice is passed on, in milliseconds. */
const smallChangeMs = 60_000;

/** A pod to ask. */
export interface AskedPod {
  readonly uid: string;
  readonly ip: string;
  readonly ready: boolean;
  /** Its Pipeline. */
  readonly pipeline: ObjectKey;
}

/** What pods tell about themselves. Holds one answer a pod, of bounded size. */
export interface PodReports {
  /** The pod is there: it is asked from now on, soon where it is new or has become ready. */
  see(pod: AskedPod): void;
  /** The pod is gone, and with it what it told. */
  forget(uid: string): void;
  of(uid: string): Told;
  /** Asks until the signal is aborted. What was told before is kept. */
  run(signal: AbortSignal): void;
}

/** What reports are collected with. */
export interface PodReportsOptions {
  readonly ask: AskPod;
  readonly clock: Clock;
  /** In [0, 1): so that pods which began together are not asked together. */
  readonly random: () => number;
  /** An answer says something that the pipeline's status would show. */
  readonly onAnswer: (pipeline: ObjectKey) => void;
  /** True where every answer of a pod with something to do is wanted, because the number of pods follows from it and from how long it is so. */
  readonly isEager?: (pipeline: ObjectKey) => boolean;
}

interface Entry {
  pod: AskedPod;
  asked: boolean;
  failures: number;
  report: PodReport | null;
  /** What was passed on last, and when. */
  passedOn: PodReport | null;
  passedOnMs: number;
}

/** Asks the pods in turn, the longest due first, without ever asking the API server for anything. */
export function createPodReports(options: PodReportsOptions): PodReports {
  const { clock, random } = options;
  const entries = new Map<string, Entry>();
  const order = createAskingOrder();
  let inFlight = 0;
  let stopTimer = (): void => {};

  const askOne = async (entry: Entry, signal: AbortSignal): Promise<void> => {
    inFlight++;
    const report = await options.ask(entry.pod.ip, signal).then(
      (text) => parseReport(text, clock.now()),
      () => null,
    );
    inFlight--;
    if (entries.get(entry.pod.uid) !== entry) return;
    const eager = options.isEager?.(entry.pod.pipeline) === true;
    const rests = !eager && report !== null && entry.report !== null && isAtRest(report) && !answerDiffers(entry.report, report);
    const pace = rests ? "slow" : "quick";
    order.later(entry.pod.uid, { pace, dueMs: clock.monotonic() + paceMs[pace] * (0.9 + random() / 5) });
    const wanted = report !== null && hasWork(report) && eager;
    const news = isNews(entry, report, clock.monotonic());
    if (!signal.aborted && (news || wanted)) options.onAnswer(entry.pod.pipeline);
  };
  const turn = (signal: AbortSignal): void => {
    if (signal.aborted) return;
    const uid = inFlight < inFlightMax ? order.take(clock.monotonic()) : undefined;
    const entry = uid === undefined ? undefined : entries.get(uid);
    if (entry !== undefined) void askOne(entry, signal);
    stopTimer = clock.after(order.pauseMs(clock.monotonic(), spacingMs), () => turn(signal));
  };

  return {
    see: (pod) => {
      const known = entries.get(pod.uid);
      const entry = known ?? { pod, asked: false, failures: 0, report: null, passedOn: null, passedOnMs: 0 };
      const isNew = known === undefined || (pod.ready && !known.pod.ready) || pod.ip !== known.pod.ip;
      entry.pod = pod;
      entries.set(pod.uid, entry);
      if (isNew) order.soon(pod.uid);
    },
    forget: (uid) => {
      entries.delete(uid);
      order.drop(uid);
    },
    of: (uid) => {
      const entry = entries.get(uid);
      return { report: entry?.report ?? null, asked: entry?.asked ?? false };
    },
    run: (signal) => {
      stopTimer();
      signal.addEventListener("abort", () => stopTimer(), { once: true });
      turn(signal);
    },
  };
}

/** Something arrives, is read, or waits to be. */
const hasWork = ({ lag, rates, arrivals }: PodReport): boolean =>
  (lag.records ?? 0) > 0 || rates.recordsPerSecond > 0 || (arrivals?.recordsPerSecond ?? 0) > 0;

/** It has shown that it works, and nothing is to be done. */
const isAtRest = (report: PodReport): boolean =>
  !hasWork(report) && (report.proof?.kind === "loaded" || report.proof?.kind === "caughtUp" || report.proof?.kind === "noSplit");

/** Takes an answer in, null where there was none; true where the status would show what is new in it. */
function isNews(entry: Entry, report: PodReport | null, nowMs: number): boolean {
  entry.failures = report === null ? entry.failures + 1 : 0;
  if (report !== null || entry.failures >= failuresMax) entry.report = report;
  const first = !entry.asked;
  entry.asked = true;
  const { passedOn, passedOnMs } = entry;
  const small = passedOn !== null && entry.report !== null && answerDiffers(passedOn, entry.report);
  const news = first || answerMatters(passedOn, entry.report) || (small && nowMs - passedOnMs >= smallChangeMs);
  if (!news) return false;
  entry.passedOn = entry.report;
  entry.passedOnMs = nowMs;
  return true;
}
