import type { WatchEvent, WatchOptions } from "./api.ts";
import type { KubeObject } from "./kube-object.ts";
import { NoAnswer } from "./no-answer.ts";
import { type Subject, watchRefusal } from "./refusal.ts";
import { accepted, counted, type Line } from "./request.ts";
import { acceptOf, collectionPath, queryText, selectors } from "./request-path.ts";
import type { ResourceType } from "./resource-type.ts";
import { openAbortScope } from "./abort-scope.ts";
import type { Timing } from "./timing.ts";
import { watchLines } from "./watch-lines.ts";

/**
 * After a silence that is too long, what may be waiting in the socket is still read, in milliseconds: where this process itself
 * was busy, timers come before what has arrived meanwhile.
 */
const graceMs = 1_000;

/** The events of one watch, each as soon as its line is whole. Whoever stops iterating closes the connection. See Api.watch. */
export async function* watch<T extends KubeObject>(
  line: Line,
  type: ResourceType,
  options: WatchOptions,
): AsyncGenerator<WatchEvent<T>> {
  const subject: Subject = { verb: "watch", type, what: options.namespace ?? "" };
  using limit = openAbortScope(options.signal);
  using silence = silenceTimer(line.timing, options.silenceMsMax, () =>
    limit.abort(new NoAnswer(line.access.server, `${type.kind} watch silent for ${options.silenceMsMax / 1000} s`)),
  );
  const sending = {
    method: "GET",
    path: `${collectionPath(type, options.namespace ?? "")}${queryOf(options)}`,
    accept: acceptOf(options, "object"),
    signal: limit.signal,
  } as const;
  try {
    const answer = await counted(line, "GET", () => line.transport.open(sending));
    if (answer.status !== 200) await accepted(line, subject, answer);
    const heard = hearing(answer.body as AsyncIterable<Buffer>, silence.heard);
    for await (const text of watchLines(heard)) yield eventIn<T>(text, subject);
  } catch (error) {
    limit.signal.throwIfAborted();
    throw error;
  }

  async function* hearing(chunks: AsyncIterable<Buffer>, heard: () => void): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of chunks) {
        heard();
        yield chunk;
      }
    } catch (error) {
      limit.signal.throwIfAborted();
      throw new NoAnswer(line.access.server, error);
    }
  }
}

function queryOf(options: WatchOptions): string {
  return queryText({
    watch: true,
    allowWatchBookmarks: true,
    ...selectors(options),
    resourceVersion: options.resourceVersion,
    ...(options.sendInitialEvents === true && { sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" }),
    timeoutSeconds: options.timeoutSeconds,
  });
}

function eventIn<T extends KubeObject>(text: string, subject: Subject): WatchEvent<T> {
  const { type, object } = JSON.parse(text) as { readonly type: WatchEvent<T>["type"] | "ERROR"; readonly object: T };
  if (type === "ERROR") throw watchRefusal(subject, object);
  return { type, object };
}

function silenceTimer(timing: Timing, silenceMsMax: number, silent: () => void): Disposable & { heard(): void } {
  const arm = (): (() => void) => timing.after(silenceMsMax, () => (cancel = timing.after(graceMs, silent)));
  let cancel = arm();
  return {
    heard: () => {
      cancel();
      cancel = arm();
    },
    [Symbol.dispose]: () => cancel(),
  };
}
