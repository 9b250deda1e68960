import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate as turn } from "node:timers/promises";
import type { Registry } from "prom-client";
import { type Check, judge } from "./health.ts";
import { type ScrapedMetric, textOf } from "./scraped-metrics.ts";

/** Where to serve, and what. */
export interface HealthServerOptions {
  /** Address to listen on. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly registry: Registry;
  /** Metrics besides the registry's, as they are when it is called. */
  readonly scraped: () => Iterable<ScrapedMetric>;
  /** The Service sends requests here. */
  readonly ready: readonly Check[];
  /** Without one of these, only a restart helps. That the event loop turns needs none: else there is no answer. */
  readonly live: readonly Check[];
}

/** A server that listens. Disposing of it ends it with its connections. */
export interface HealthServer extends AsyncDisposable {
  /** `http://127.0.0.1:8081`. */
  readonly url: string;
}

/** Longest a request may take to arrive, in milliseconds: probes and scrapes are small, and a slow client must not pile up. */
const requestTimeoutMs = 10_000;

interface Answer {
  readonly code: number;
  readonly type: string;
  readonly body: AsyncIterable<string> | readonly string[];
}
const text = (code: number, body: string): Answer => ({ code, type: "text/plain; charset=utf-8", body: [body] });

/** The page of all metrics. Between its parts all else has its turn: thousands of series must not hold up what the process is for. */
async function* metricsPage(own: string, scraped: Iterable<ScrapedMetric>): AsyncIterable<string> {
  yield own;
  for (const part of textOf(scraped)) {
    yield part;
    await turn();
  }
}

async function answer(path: string, { registry, scraped, ready, live }: HealthServerOptions): Promise<Answer> {
  if (path === "/metrics")
    return { code: 200, type: registry.contentType, body: metricsPage(await registry.metrics(), scraped()) };
  const [, probe = "", name] = path.split("/");
  const checks = probe === "readyz" ? ready : probe === "livez" ? live : null;
  const asked = name === undefined ? checks : checks?.filter((check) => check.name === name);
  if (asked === null || asked === undefined || (name !== undefined && asked.length === 0))
    return text(404, `there are /metrics, /readyz and /livez, and /readyz/<check> for one check\n`);
  const { ok, text: body } = judge(probe, asked);
  return text(ok ? 200 : 503, body);
}

/** Serves /readyz, /livez, /readyz/<check> and /metrics, as the API server serves its own. Only GET. Throws where the port is taken. */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const known = request.method === "GET" || request.method === "HEAD";
    const { code, type, body } = known ? await answer(pathname, options) : text(405, "only GET\n");
    response.writeHead(code, { "content-type": type });
    await pipeline(Readable.from(request.method === "HEAD" ? [] : body), response);
  };
  const server = createServer({ requestTimeout: requestTimeoutMs }, (request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(`${error instanceof Error ? error.message : String(error)}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(new Error(`health port ${options.port}: cannot listen; take another one, or 0 for any`, { cause }));
    });
    server.listen(options.port, options.host, resolve);
  });
  const { port, family, address } = server.address() as AddressInfo;
  const host = address === "::" || address === "0.0.0.0" ? "127.0.0.1" : family === "IPv6" ? `[${address}]` : address;
  return {
    url: `http://${host}:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
