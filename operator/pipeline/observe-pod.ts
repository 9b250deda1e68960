import type { LivePod, Terminated } from "./live-pod.ts";
import { label } from "./names.ts";
import type { ObservedPod } from "./observed.ts";

/** What a pod told when it was asked, and whether it was. */
export type Told = Pick<ObservedPod, "report" | "asked">;

/** Longest text of a pod's that is kept, in characters: what a runtime writes at its end has 4 KiB, what crashes may have logged more. */
const messageCharsMax = 1_000;

/** A pod as plain data. */
export function observePod(pod: LivePod, { report, asked }: Told): ObservedPod {
  const { metadata, spec, status } = pod;
  const createdMs = msOf(metadata.creationTimestamp) ?? 0;
  const [container] = status?.containerStatuses ?? [];
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  const deleting = metadata.deletionTimestamp !== undefined;
  return {
    name: metadata.name,
    uid: metadata.uid ?? "",
    revision: metadata.labels?.[label.revision] ?? "",
    image: spec?.containers?.[0]?.image ?? "",
    ip: status?.podIP ?? "",
    phase: status?.phase ?? "Pending",
    ready: ready?.status === "True" && !deleting,
    readySinceMs: msOf(ready?.lastTransitionTime) ?? createdMs,
    deleting,
    // The API server sets deletionTimestamp to when the grace period is over.
    endDueMs: msOf(metadata.deletionTimestamp),
    node: spec?.nodeName ?? "",
    createdMs,
    ends: endsOf(container),
    waiting: waitingOf(pod),
    ended: endOf(pod),
    report,
    asked,
  };
}

type Container = NonNullable<NonNullable<LivePod["status"]>["containerStatuses"]>[number];

/** A container that is restarted has ended as often; one that is not running once more. */
function endsOf(container: Container | undefined): number {
  if (container === undefined) return 0;
  const down = container.state?.running === undefined && lastEnd(container) !== undefined;
  return (container.restartCount ?? 0) + (down ? 1 : 0);
}

const lastEnd = ({ state, lastState }: Container): Terminated | undefined => state?.terminated ?? lastState?.terminated;

function waitingOf({ status }: LivePod): ObservedPod["waiting"] {
  const waiting = status?.containerStatuses?.[0]?.state?.waiting;
  if (waiting?.reason !== undefined) return { reason: waiting.reason, message: cut(waiting.message ?? "") };
  const scheduled = status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status !== "False") return null;
  return { reason: scheduled.reason ?? "Unschedulable", message: cut(scheduled.message ?? "") };
}

/** How the container ended, in the runtime's own words where it left any; or how the pod did, where a node ended it. */
function endOf({ status }: LivePod): ObservedPod["ended"] {
  const [container] = status?.containerStatuses ?? [];
  const ended = container === undefined ? undefined : lastEnd(container);
  if (ended === undefined) return null;
  const said = wordsOf(ended.message ?? "");
  const evicted =
    status?.phase === "Failed" && status.reason !== undefined
      ? { reason: status.reason, message: cut(status.message ?? "") }
      : null;
  const own = said ?? evicted ?? { reason: ended.reason ?? "Error", message: "" };
  return { exitCode: ended.exitCode, ...own, atMs: msOf(ended.finishedAt) ?? 0 };
}

/** `{"reason","message"}` of the termination log. Anything else, such as the end of a log, is not passed on: nobody knows what is in it. */
function wordsOf(text: string): { readonly reason: string; readonly message: string } | null {
  try {
    const { reason, message } = JSON.parse(text) as { readonly reason?: unknown; readonly message?: unknown };
    return typeof reason === "string" && /^[A-Za-z]+$/.test(reason) && typeof message === "string"
      ? { reason, message: cut(message) }
      : null;
  } catch {
    return null;
  }
}

const cut = (text: string): string => (text.length <= messageCharsMax ? text : `${text.slice(0, messageCharsMax - 1)}…`);

function msOf(time: string | undefined): number | null {
  const ms = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(ms) ? null : ms;
}
