import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";

/** A request that a route has taken. */
export interface WireRequest {
  readonly method: string;
  /** Whole address as the client said it: host from its Host header. */
  readonly url: URL;
  /** Named groups of the route's path, percent-decoded. */
  readonly groups: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  /** Aborted when the client goes away before its answer. */
  readonly signal: AbortSignal;
  /** The whole body with its content-encoding (gzip, zstd, deflate) undone, at most `bodyBytesMax` before and after. Read once. */
  body(): Promise<Buffer>;
  /** The body as JSON: `{}` where it is empty. Throws BadRequest where it is no JSON. */
  json(): Promise<unknown>;
  /** The body's bytes as they were sent, whatever their content-encoding says: for uploads of files. */
  stream(): Readable;
}

/** What a route answers. An object is sent as JSON. Texts and objects are compressed where the client accepts it; bytes and streams go as they are. */
export interface WireResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer | Readable | object;
}

/** Answered by a route, this ends the connection without an answer: what a client sees of a network that fails. */
export const noAnswer: WireResponse = Object.freeze({ status: 0, body: "" });

/** An endpoint. The first route whose method and whole path match takes the request. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE" | "HEAD";
  /** Matched against the path as sent, still percent-encoded: give it `^` and `$`. */
  readonly path: RegExp;
  /** Largest body that `body()` takes, in bytes; `requestBytesMax` of the server where it is absent. */
  readonly bodyBytesMax?: number;
  handle(request: WireRequest): Promise<WireResponse>;
}

/** A request that is refused, or makes no sense on the wire: answered with this HTTP status and `{code, message}`. */
export class BadRequest extends Error {
  override readonly name = "BadRequest";
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
