import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import { SnowflakeError } from "../result.ts";
import { BadRequest, noAnswer, type Route, type WireRequest, type WireResponse } from "./route.ts";
import { sendResponse } from "./send-response.ts";
import { wireRequest } from "./wire-request.ts";

/** What to serve, and where. */
export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly log: Logger;
  /** Stands between the server and the routes: what faults on command need. */
  around(request: WireRequest, handle: () => Promise<WireResponse>): Promise<WireResponse>;
}

/** A server that listens. */
export interface HttpServer {
  /** `http://127.0.0.1:8086`. */
  readonly url: string;
  /** Takes no more connections, waits a moment for answers that are under way, then ends the connections that are left. */
  stop(): Promise<void>;
}

/** A client may send a file of some hundred megabytes over a slow line; one that stops sending must not stay for ever. */
const requestTimeoutMs = 600_000;
/** Drivers keep connections for longer than Node's 5 s: closing one just when a statement comes looks like a broken network. */
const keepAliveTimeoutMs = 120_000;
/** Answers that are under way when the server stops have so long. */
const stopMs = 1_000;

/**
 * Serves routes over plain HTTP; the routes are asked for at each request, so that they may be made after the address is known.
 * What a route throws is answered: BadRequest with its status, SnowflakeError as the REST APIs do, everything else with 500,
 * logged. Throws where the port is taken.
 */
export async function startHttpServer(routes: () => readonly Route[], options: HttpServerOptions): Promise<HttpServer> {
  const server = createServer({ requestTimeout: requestTimeoutMs, keepAliveTimeout: keepAliveTimeoutMs }, (request, response) => {
    answer(routes(), request, response, options).catch((error: unknown) => {
      // The client went away while the answer was sent.
      options.log.debug({ error }, "an answer was not sent");
      response.destroy();
    });
  });
  await listen(server, options);
  const { port, family, address } = server.address() as AddressInfo;
  const host = address === "::" || address === "0.0.0.0" ? "127.0.0.1" : family === "IPv6" ? `[${address}]` : address;
  return { url: `http://${host}:${port}`, stop: () => stop(server) };
}

async function answer(
  routes: readonly Route[],
  incoming: IncomingMessage,
  response: ServerResponse,
  options: HttpServerOptions,
): Promise<void> {
  const url = new URL(incoming.url ?? "/", `http://${incoming.headers.host ?? "localhost"}`);
  const route = routes.find(({ method, path }) => method === incoming.method && path.test(url.pathname));
  if (route === undefined) {
    options.log.info({ endpoint: `${incoming.method} ${url.pathname}` }, "a client asked for an endpoint that this server lacks");
    await sendResponse(incoming, response, notFound(incoming, url));
    return;
  }
  const answered = await handled(() => wireRequest({ incoming, response, url, route }), route, options).catch((error: unknown) =>
    failure(error, `${incoming.method} ${url.pathname}`, options),
  );
  if (answered === noAnswer) {
    incoming.socket.destroy();
    return;
  }
  await sendResponse(incoming, response, answered);
}

async function handled(read: () => WireRequest, route: Route, options: HttpServerOptions): Promise<WireResponse> {
  const request = read();
  return options.around(request, () => route.handle(request));
}

function notFound({ method }: IncomingMessage, { pathname }: URL): WireResponse {
  return {
    status: 404,
    body: { success: false, code: "404", message: `${method} ${pathname}: this server has no such endpoint`, data: null },
  };
}

function failure(error: unknown, endpoint: string, { log }: HttpServerOptions): WireResponse {
  if (error instanceof BadRequest) return { status: error.status, body: { code: error.code, message: error.message } };
  if (error instanceof SnowflakeError)
    return {
      status: error.code.startsWith("39") ? 401 : 400,
      body: { success: false, code: error.code, message: error.message, data: null },
    };
  log.error({ error, endpoint }, "a request failed inside the server");
  return { status: 500, body: { success: false, code: "500", message: "the server failed: its log says why", data: null } };
}

async function listen(server: Server, { host, port }: HttpServerOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(new Error(`port ${port} of ${host}: cannot listen; take another one, or 0 for any`, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

async function stop(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const force = setTimeout(() => server.closeAllConnections(), stopMs);
  await closed;
  clearTimeout(force);
}
