import type { ClusterAccess } from "./cluster-access.ts";
import { NoAnswer } from "./no-answer.ts";
import { refusal, type Subject } from "./refusal.ts";
import { pauseBeforeRepeat, type Repetition } from "./repeat.ts";
import { openAbortScope } from "./abort-scope.ts";
import { sleep, type Timing } from "./timing.ts";
import type { Answer, Sending, Transport } from "./transport.ts";

/** A request and what may be done with it. */
export interface Request extends Omit<Sending, "signal"> {
  readonly subject: Subject;
  readonly repetition: Repetition;
  readonly signal: AbortSignal | undefined;
}

/** Told of each request that went out, be it answered or not: for metrics. */
export type OnRequest = (request: {
  readonly method: string;
  /** `host:port` of the server. */
  readonly host: string;
  /** HTTP status; `<error>`, as in client-go, where there was no answer. */
  readonly code: string;
  /** Until the answer's head, in milliseconds. */
  readonly durationMs: number;
}) => void;

/** What requests are made with. */
export interface Line {
  readonly access: ClusterAccess;
  readonly transport: Transport;
  readonly timing: Timing;
  /** In [0, 1). */
  readonly random: () => number;
  readonly onRequest: OnRequest;
}

/** The longest single try, in milliseconds: an admission webhook may take 10 s, and twice that behind another. */
const tryMsMax = 30_000;
/** All tries and pauses of a request, in milliseconds: about two tries that hang. */
const requestMsMax = 75_000;
/** Longest answer, in bytes: a list that a server does not split into pages. V8 takes no string over 512 MiB. */
const answerBytesMax = 384 * 2 ** 20;

/** Sends a request, again where that is harmless, and answers the body of a 2xx. Throws ApiError, NoAnswer or the signal's reason. */
export async function request(line: Line, { signal, ...rest }: Request): Promise<string> {
  using limit = openAbortScope(signal);
  const server = line.access.server;
  const cancel = line.timing.after(requestMsMax, () => limit.abort(new NoAnswer(server, `none within ${requestMsMax / 1000} s`)));
  try {
    for (let tries = 1; ; tries++) {
      try {
        return await once(line, { ...rest, signal: limit.signal });
      } catch (failure) {
        limit.signal.throwIfAborted();
        const pauseMs = pauseBeforeRepeat(failure, { tries, random: line.random(), repetition: rest.repetition });
        if (pauseMs === null) throw failure;
        await sleep(line.timing, pauseMs, limit.signal);
        limit.signal.throwIfAborted();
      }
    }
  } finally {
    cancel();
  }
}

async function once(line: Line, { signal, ...rest }: Request): Promise<string> {
  using limit = openAbortScope(signal);
  const { server } = line.access;
  const cancel = line.timing.after(tryMsMax, () => limit.abort(new NoAnswer(server, `none within ${tryMsMax / 1000} s`)));
  try {
    const answer = await counted(line, rest.method, () => line.transport.send({ ...rest, signal: limit.signal }));
    return await accepted(line, rest.subject, answer);
  } catch (error) {
    limit.signal.throwIfAborted();
    throw error;
  } finally {
    cancel();
  }
}

/** The body of an answer that is 2xx. Throws ApiError for any other, and NoAnswer where it breaks off. */
export async function accepted(line: Line, subject: Subject, answer: Answer): Promise<string> {
  const text = await textOf(answer, line.access.server);
  if (answer.status >= 200 && answer.status < 300) return text;
  if (answer.status === 401) line.access.refused();
  throw refusal(subject, { ...answer, text });
}

/** Sends, and tells `onRequest` how it went. */
export async function counted(line: Line, method: string, send: () => Promise<Answer>): Promise<Answer> {
  const { host } = new URL(line.access.server);
  const beganMs = line.timing.monotonic();
  const tell = (code: string): void => line.onRequest({ method, host, code, durationMs: line.timing.monotonic() - beganMs });
  try {
    const answer = await send();
    tell(String(answer.status));
    return answer;
  } catch (error) {
    tell("<error>");
    throw error;
  }
}

async function textOf({ body }: Answer, server: string): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of body as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > answerBytesMax) throw new RangeError(`longer than ${answerBytesMax} bytes`);
      parts.push(part);
    }
  } catch (error) {
    throw new NoAnswer(server, error);
  }
  return Buffer.concat(parts).toString("utf8");
}
