import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { Clock } from "../control/clock.ts";
import { readReview, reviewAnswer } from "./admission-review.ts";
import { admit } from "./admit.ts";
import type { ServingCertificates } from "./certificates/serving-certificate.ts";
import type { Examiner } from "./examine.ts";
import { webhookMetrics } from "./webhook-metrics.ts";

/** Where to serve, and with what. */
export interface WebhookServerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Address to listen on. */
  readonly host: string;
  readonly certificates: ServingCertificates;
  readonly examiner: Examiner;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly logger: Logger;
}

/** The webhook's server. Disposing of it ends it when what is in flight has been answered. */
export interface WebhookServer extends AsyncDisposable {
  readonly port: number;
  /** True once it has a certificate to show. */
  readonly ready: boolean;
}

/** Two objects of at most 3 MB each, which is what API servers take, and what is around them. */
const bodyBytesMax = 7 * 1024 * 1024;
/** Longest a request may take to arrive, in milliseconds. */
const requestTimeoutMs = 5_000;
/** Longest the checks may take, in milliseconds: the API server waits for 10 s, and a late answer is none. */
const admitMsMax = 8_000;
/** Requests in flight; API servers pass over a webhook that refuses more (failurePolicy). Each holds its body in memory. */
const inFlightMax = 32;
/** Connections: a few per API server. */
const connectionsMax = 256;

interface Answer {
  readonly code: number;
  readonly body: string;
}
const plain = (code: number, text: string): Answer => ({ code, body: `${text}\n` });

/**
 * Serves `POST /validate`, the admission of Pipelines and Connections. Connections made after a new certificate was taken see that
 * one; nothing restarts. It reads and says, and changes nothing (sideEffects None). Its configuration says `failurePolicy: Ignore`:
 * a dead operator blocks nobody's work, since it examines each spec again before it runs it, and what was let through meanwhile
 * ends as a condition on the resource instead of as an error of kubectl.
 * Throws where the port is taken.
 */
export async function startWebhookServer(options: WebhookServerOptions): Promise<WebhookServer> {
  const { certificates, clock, registry, logger } = options;
  const metrics = webhookMetrics(registry, clock, certificates);
  let inFlight = 0;
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const ended = metrics.begin();
    let answer = plain(429, "too many admissions at once");
    try {
      if (++inFlight <= inFlightMax) answer = await answerTo(request, options);
    } catch (error) {
      logger.error({ err: error }, "admission: failed, the object is let through");
      answer = plain(500, "the admission failed; see the operator's log");
    } finally {
      inFlight--;
      ended(answer.code);
    }
    respond(response, answer);
  };
  const server = createServer({ requestTimeout: requestTimeoutMs, ALPNProtocols: ["http/1.1"] }, (request, response) => {
    void serve(request, response);
  });
  server.maxConnections = connectionsMax;
  certificates.subscribe(({ certificate, key }) => server.setSecureContext({ cert: certificate, key }));
  const port = await listen(server, options);
  return {
    port,
    get ready() {
      return certificates.current !== null;
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        const cancel = clock.after(admitMsMax, () => server.closeAllConnections());
        server.close(() => {
          cancel();
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

async function listen(server: Server, { port, host }: WebhookServerOptions): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(new Error(`webhook port ${port}: cannot listen; take another one with --webhook-port`, { cause }));
    });
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function answerTo(request: IncomingMessage, { examiner, clock, logger }: WebhookServerOptions): Promise<Answer> {
  if (request.url?.split("?")[0] !== "/validate") return plain(404, "there is /validate");
  if (request.method !== "POST") return plain(405, "only POST");
  const body = await readBody(request);
  if (body === null) return plain(413, `the body is larger than ${bodyBytesMax} bytes, or broke off`);
  const review = readReview(body);
  if (typeof review === "string") return plain(400, review);
  const late = new AbortController();
  const cancel = clock.after(admitMsMax, () => late.abort(new Error(`it took longer than ${admitMsMax / 1000} s`)));
  const admission = await admit(review, examiner, late.signal).finally(cancel);
  if (admission.problems.length > 0) {
    const { operation, namespace, name } = review;
    logger.info({ operation, namespace, name, problems: admission.problems.length }, "admission: refused");
  }
  return { code: 200, body: JSON.stringify(reviewAnswer(review, admission)) };
}

/** The body as text; null where it is too large, or breaks off. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bodyBytesMax) return null;
      chunks.push(chunk);
    }
  } catch {
    return null;
  }
  return Buffer.concat(chunks).toString("utf8");
}

function respond(response: ServerResponse, { code, body }: Answer): void {
  response.writeHead(code, {
    "content-type": code === 200 ? "application/json" : "text/plain",
    "content-length": Buffer.byteLength(body),
    // Whatever of the body was not read ends with its connection.
    ...(code === 413 || code === 429 ? { connection: "close" } : {}),
  });
  response.end(body);
}
