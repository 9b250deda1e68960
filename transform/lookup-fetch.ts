import { createWriteStream } from "node:fs";
import { copyFile, stat } from "node:fs/promises";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Lookup } from "../crds/kinds/transform.ts";

/** A lookup is read whole and kept in memory. */
const lookupBytesMax = 64 * 1024 * 1024;
const httpTimeoutMs = 30_000;

/** Where the copy goes, and what ends the fetching. */
export interface FetchOptions {
  /** File to write. */
  readonly into: string;
  /** Resolves a relative path. */
  path(text: string): string;
  readonly signal: AbortSignal;
}

/** Copies a lookup's file to where the database can read it. Throws with the path or URL (without credentials) and the reason. */
export async function fetchLookup(lookup: Lookup, options: FetchOptions): Promise<void> {
  if (lookup.file !== undefined) await copy(lookup.file.path, options);
  else if (lookup.http !== undefined) await download(lookup.http.url, options);
}

async function copy(text: string, { into, path }: FetchOptions): Promise<void> {
  const from = path(text);
  try {
    const { size } = await stat(from);
    if (size > lookupBytesMax) throw new Error(tooLarge(size));
    await copyFile(from, into);
  } catch (error) {
    throw new Error(`${from}: ${reason(error)}`, { cause: error });
  }
}

async function download(text: string, { into, signal }: FetchOptions): Promise<void> {
  const url = new URL(text);
  const headers = new Headers();
  if (url.username !== "" || url.password !== "") {
    headers.set("authorization", basic(url));
    url.username = "";
    url.password = "";
  }
  const timeout = AbortSignal.timeout(httpTimeoutMs);
  const either = AbortSignal.any([signal, timeout]);
  try {
    const response = await fetch(url, { headers, signal: either });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`HTTP status ${response.status}`);
    }
    if (response.body === null) throw new Error("the answer has no body");
    await pipeline(Readable.fromWeb(response.body), bounded(), createWriteStream(into), { signal: either });
  } catch (error) {
    // A query may hold a token: only where it points to is shown.
    throw new Error(
      `${url.origin}${url.pathname}: ${timeout.aborted ? `no complete answer within ${httpTimeoutMs / 1000} s` : reason(error)}`,
      { cause: error },
    );
  }
}

function basic(url: URL): string {
  try {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    return `Basic ${Buffer.from(credentials).toString("base64")}`;
  } catch (error) {
    throw new Error(`${url.origin}${url.pathname}: a % in the user name or password of its URL has to be written as %25`, {
      cause: error,
    });
  }
}

function bounded(): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > lookupBytesMax) done(new Error(tooLarge(bytes)));
      else done(null, chunk);
    },
  });
}

function tooLarge(bytes: number): string {
  return `at ${bytes} bytes or more it is larger than the ${lookupBytesMax / 1024 / 1024} MiB a lookup may have`;
}

/** The reason without the URL that some messages repeat. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code ?? (error.cause as NodeJS.ErrnoException | undefined)?.code;
  switch (code) {
    case "ENOENT":
      return "there is no such file";
    case "EACCES":
      return "this process may not read it";
    case "ECONNREFUSED":
      return "the server refuses connections";
    case "ENOTFOUND":
      return "there is no such host";
    default:
      return code === undefined || error.message.includes(code)
        ? error.message.replace(/,? (?:open|stat|copyfile) '.*$/, "")
        : `${error.message} (${code})`;
  }
}
