import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { WireResponse } from "./route.ts";

/** Below this many bytes packing costs more than it saves. */
const packedBytesMin = 1_024;
/** Clients are on this machine or near: speed before size. */
const level = 1;
const pack = promisify(gzip);

/** Sends an answer whole. Rejects where the client goes away meanwhile. */
export async function sendResponse(request: IncomingMessage, response: ServerResponse, answer: WireResponse): Promise<void> {
  const { status, headers = {}, body } = answer;
  if (body instanceof Readable) {
    response.writeHead(status, headers);
    await pipeline(body, response);
    return;
  }
  const isText = typeof body === "string" || !Buffer.isBuffer(body);
  const type = typeof body === "string" ? "text/plain; charset=utf-8" : "application/json";
  let bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  const accepted = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "");
  const packs = isText && accepted && bytes.length >= packedBytesMin && headers["content-encoding"] === undefined;
  if (packs) bytes = await pack(bytes, { level });
  response.writeHead(status, {
    ...(isText ? { "content-type": type } : {}),
    ...(packs ? { "content-encoding": "gzip" } : {}),
    // An answer to HEAD says how long the body would be: the route knows.
    ...(request.method === "HEAD" ? {} : { "content-length": bytes.length }),
    ...headers,
  });
  // A body that was not read would be taken for the connection's next request.
  request.resume();
  response.end(request.method === "HEAD" ? undefined : bytes);
}
