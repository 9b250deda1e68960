import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Registry } from "prom-client";
import type { EngineStatus } from "../engine/report.ts";
import { briefStatus } from "./brief-status.ts";
import { health, type Probe } from "./health.ts";

/** Where to serve, and what. */
export interface HttpServerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Address to listen on. */
  readonly host: string;
  readonly registry: Registry;
  status(): EngineStatus;
}

/** A server that listens. Disposing of it ends it with its connections. */
export interface HttpServer extends AsyncDisposable {
  /** `http://127.0.0.1:9090`. */
  readonly url: string;
}

/** Longest a request may take to arrive, in milliseconds: probes and scrapes are small, and a slow client must not pile up. */
const requestTimeoutMs = 10_000;

interface Answer {
  readonly code: number;
  readonly type: string;
  readonly body: string;
}
const json = (code: number, value: unknown): Answer => ({ code, type: "application/json", body: `${JSON.stringify(value)}\n` });

async function answer(path: string, { registry, status }: HttpServerOptions): Promise<Answer> {
  switch (path) {
    case "/metrics":
      return { code: 200, type: registry.contentType, body: await registry.metrics() };
    case "/status":
      return json(200, status());
    case "/status/brief":
      return json(200, briefStatus(status()));
    case "/healthz/started":
    case "/healthz/ready":
    case "/healthz/live": {
      const { ok, message } = health(path.slice("/healthz/".length) as Probe, status());
      return json(ok ? 200 : 503, { ok, message });
    }
    default:
      return json(404, {
        message: "there are /metrics, /status, /status/brief, /healthz/started, /healthz/ready and /healthz/live",
      });
  }
}

/** Serves metrics, status and the probes. Only GET; no payloads, no secrets. Throws where the port is taken. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const known = request.method === "GET" || request.method === "HEAD";
    const { code, type, body } = known ? await answer(pathname, options) : json(405, { message: "only GET" });
    response.writeHead(code, { "content-type": type, "content-length": Buffer.byteLength(body) });
    response.end(request.method === "HEAD" ? undefined : body);
  };
  const server = createServer({ requestTimeout: requestTimeoutMs }, (request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(`${error instanceof Error ? error.message : String(error)}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(new Error(`metrics port ${options.port}: cannot listen; take another one, or 0 for any`, { cause }));
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
