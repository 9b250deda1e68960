import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, zstdDecompress } from "node:zlib";
import { BadRequest, type Route, type WireRequest } from "./route.ts";

/** Largest body of a request that is read into memory, in bytes, sent or unpacked: array binds of a statement are the largest. */
const requestBytesMax = 128 << 20;

const unpackers: Readonly<Record<string, (packed: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>>> = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

/** What makes a request. */
export interface Incoming {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly route: Route;
}

/** A request as routes see it. */
export function wireRequest({ incoming, response, url, route }: Incoming): WireRequest {
  const gone = new AbortController();
  response.on("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  const bytesMax = route.bodyBytesMax ?? requestBytesMax;
  const body = async (): Promise<Buffer> => unpacked(await wholeBody(incoming, bytesMax), incoming, bytesMax);
  const groups = Object.entries(route.path.exec(url.pathname)?.groups ?? {});
  return {
    method: incoming.method ?? "GET",
    url,
    groups: Object.fromEntries(groups.map(([name, value]) => [name, decoded(value)])),
    headers: incoming.headers,
    signal: gone.signal,
    body,
    json: async () => parsed(await body()),
    stream: () => incoming,
  };
}

async function wholeBody(incoming: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of incoming as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > bytesMax) throw tooLarge(bytesMax);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function unpacked(body: Buffer, { headers }: IncomingMessage, maxOutputLength: number): Promise<Buffer> {
  const encoding = (headers["content-encoding"] ?? "identity").toLowerCase();
  if (encoding === "identity" || body.length === 0) return body;
  const unpack = unpackers[encoding];
  if (unpack === undefined) throw new BadRequest(415, "415", `content-encoding ${encoding}: use gzip, zstd, br or deflate`);
  try {
    return await unpack(body, { maxOutputLength });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(maxOutputLength);
    throw new BadRequest(400, "400", `the body is not what content-encoding says: ${encoding}`);
  }
}

function tooLarge(bytesMax: number): BadRequest {
  return new BadRequest(413, "413", `the body has more than the ${bytesMax} bytes that are taken`);
}

function parsed(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    throw new BadRequest(400, "390400", "the body is no JSON");
  }
}

function decoded(part: string | undefined): string {
  try {
    return decodeURIComponent(part ?? "");
  } catch {
    throw new BadRequest(400, "400", "the path has a % that is no percent-encoding");
  }
}
