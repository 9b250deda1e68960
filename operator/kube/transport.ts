import { Agent, buildConnector, type Dispatcher } from "undici";
import type { ClusterAccess, TlsSettings } from "./cluster-access.ts";
import { NoAnswer } from "./no-answer.ts";

/** One request, as it goes out. */
export interface Sending {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query. */
  readonly path: string;
  readonly accept: string;
  readonly body?: { readonly type: string; readonly text: string };
  readonly signal: AbortSignal;
  /** Asked right before it goes out: what it throws ends it. */
  readonly guard?: (() => void) | undefined;
}

/** What came back: its body has to be read or destroyed. */
export interface Answer {
  readonly status: number;
  /** Retry-After, in milliseconds; null without. */
  readonly retryAfterMs: number | null;
  readonly body: Dispatcher.ResponseData["body"];
}

/** The connections to one API server. */
export interface Transport extends AsyncDisposable {
  /** Throws NoAnswer, also where the signal ended it: whose signal it is knows that. */
  send(sending: Sending): Promise<Answer>;
  /** Likewise, with no bound on how many are open: for watches, which never give theirs back. */
  open(sending: Sending): Promise<Answer>;
}

/** What a transport is made of. */
export interface TransportOptions {
  readonly access: ClusterAccess;
  /** `snowline-operator/0.1.0`: the API server's audit log and metrics name it. */
  readonly userAgent: string;
}

/** Sockets for requests. Each carries one at a time; what exceeds them waits its turn. As many as a busy operator has workers, and some. */
const socketsMax = 64;
/** A server on the same network is connected to in milliseconds. */
const connectMsMax = 10_000;
/** A connection whose other end has vanished is probed after this long. */
const keepAliveMs = 30_000;
/** Idle sockets are kept this long: the API server closes them after 90 s. */
const idleMsMax = 60_000;

/**
 * Opens no connection before the first request. HTTP/1.1: each watch has a socket of its own, so that a lost one takes nothing
 * with it. With HTTP/2 a connection whose other end has vanished would keep swallowing new requests.
 */
export function openTransport({ access, userAgent }: TransportOptions): Transport {
  const { origin, pathname } = new URL(access.server);
  const base = pathname === "/" ? "" : pathname;
  const connect = connector(access);
  // Deadlines are the caller's.
  const options = { connect, allowH2: false, keepAliveTimeout: idleMsMax, headersTimeout: 0, bodyTimeout: 0 };
  const calls = new Agent({ ...options, connections: socketsMax });
  const watches = new Agent(options);
  const through =
    (agent: Agent) =>
    async (sending: Sending): Promise<Answer> => {
      const { headers } = await access.credentials();
      sending.signal.throwIfAborted();
      sending.guard?.();
      const answer = await agent
        .request({
          origin,
          path: `${base}${sending.path}`,
          method: sending.method,
          headers: {
            ...headers,
            accept: sending.accept,
            "user-agent": userAgent,
            ...(sending.body && { "content-type": sending.body.type }),
          },
          body: sending.body?.text ?? null,
          signal: sending.signal,
        })
        .catch((error: unknown) => {
          sending.signal.throwIfAborted();
          throw new NoAnswer(access.server, error);
        });
      return { status: answer.statusCode, retryAfterMs: retryAfterMs(answer.headers["retry-after"]), body: answer.body };
    };
  return {
    send: through(calls),
    open: through(watches),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([calls.destroy(), watches.destroy()]);
    },
  };
}

/** Connects with the certificates as they are now. What is settled for one set of them, a TLS session too, is kept while they last. */
function connector(access: ClusterAccess): buildConnector.connector {
  let built: { readonly tls: string; readonly connect: buildConnector.connector } | null = null;
  const current = (tls: TlsSettings): buildConnector.connector => {
    const text = JSON.stringify(tls);
    if (built?.tls !== text) {
      const options = { ...tls, allowH2: false, timeout: connectMsMax, keepAlive: true, keepAliveInitialDelay: keepAliveMs };
      built = { tls: text, connect: buildConnector(options) };
    }
    return built.connect;
  };
  const connect = async (...[target, callback]: Parameters<buildConnector.connector>): Promise<void> => {
    let connected: buildConnector.connector;
    try {
      connected = current((await access.credentials()).tls);
    } catch (error) {
      callback(error as Error, null);
      return;
    }
    connected(target, callback);
  };
  return (target, callback) => void connect(target, callback);
}

function retryAfterMs(header: string | string[] | undefined): number | null {
  const seconds = Number(header);
  return header !== undefined && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
}
