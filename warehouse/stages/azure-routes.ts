import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Route, WireRequest, WireResponse } from "../http/route.ts";
import { type StorageAccount, storageRequest, withoutRoom } from "./storage-request.ts";

const path = /^\/storage\/azure\/(?<bucket>[^/]+)\/(?<path>.+)$/;

/** Blocks of one blob, as Azure allows them. */
const blocksMax = 50_000;

/** A container as Azure's Blob service shows it: whole blobs, blobs in blocks, GET, HEAD and DELETE with a shared access signature. */
export function azureRoutes(account: StorageAccount): readonly Route[] {
  return [
    { method: "PUT", path, handle: (request) => put(account, request) },
    { method: "GET", path, handle: (request) => get(account, request) },
    { method: "HEAD", path, handle: (request) => get(account, request) },
    { method: "DELETE", path, handle: (request) => remove(account, request) },
  ];
}

function readRequest(account: StorageAccount, request: WireRequest) {
  const read = storageRequest(account, request, request.url.searchParams.get("sig") ?? "");
  return { ...read, refusal: read.refusal === null ? null : { ...read.refusal, status: 403 } };
}

async function put(account: StorageAccount, request: WireRequest): Promise<WireResponse> {
  const { bucket, path: name, refusal } = readRequest(account, request);
  const refused = refusal ?? withoutRoom(account, request);
  if (refused !== null) return refused;
  const blocks = join(
    account.stages.buckets.directory,
    ".blocks",
    createHash("sha256").update(`${bucket}/${name}`).digest("hex"),
  );
  switch (request.url.searchParams.get("comp")) {
    case "block": {
      await mkdir(blocks, { recursive: true });
      await pipeline(request.stream(), createWriteStream(join(blocks, blockName(request.url.searchParams.get("blockid") ?? ""))));
      return { status: 201, headers: answerHeaders, body: "" };
    }
    case "blocklist": {
      const ids = [...(await request.body()).toString().matchAll(/<(?:Latest|Uncommitted|Committed)>([^<]*)</g)].map(
        ([, id]) => id ?? "",
      );
      const files = ids.map((id) => join(blocks, blockName(id)));
      if (ids.length > blocksMax || !(await allThere(files))) {
        return { status: 400, headers: { ...answerHeaders, "x-ms-error-code": "InvalidBlockList" }, body: "" };
      }
      const answer = await store(account, { bucket, name }, Readable.from(concatenated(files)));
      await rm(blocks, { recursive: true, force: true });
      return answer;
    }
    default:
      return store(account, { bucket, name }, request.stream());
  }
}

const answerHeaders = { "x-ms-version": "2025-01-05", "x-ms-request-server-encrypted": "true" };

async function store(
  account: StorageAccount,
  { bucket, name }: { readonly bucket: string; readonly name: string },
  bytes: Readable,
): Promise<WireResponse> {
  try {
    const { md5, modifiedMs } = await account.stages.buckets.put(bucket, name, bytes);
    account.stages.arrived(bucket, name);
    const headers = { ...answerHeaders, etag: `"0x${md5}"`, "last-modified": new Date(modifiedMs).toUTCString() };
    return { status: 201, headers, body: "" };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { status: 400, headers: { ...answerHeaders, "x-ms-error-code": "InvalidResourceName" }, body: "" };
  }
}

/** A block's id is the client's: its digest is safe as a file's name. */
function blockName(id: string): string {
  return createHash("sha256").update(id).digest("hex");
}

async function allThere(files: readonly string[]): Promise<boolean> {
  for (const file of files) if ((await stat(file).catch(() => null)) === null) return false;
  return true;
}

async function* concatenated(files: readonly string[]): AsyncGenerator<Buffer> {
  for (const file of files) yield* createReadStream(file) as AsyncIterable<Buffer>;
}

async function get(account: StorageAccount, request: WireRequest): Promise<WireResponse> {
  const { bucket, path: name, refusal } = readRequest(account, request);
  if (refusal !== null) return refusal;
  const file = await account.stages.buckets.find(bucket, name);
  const digests = file === null ? null : await account.stages.buckets.digests(file);
  if (file === null || digests === null)
    return { status: 404, headers: { ...answerHeaders, "x-ms-error-code": "BlobNotFound" }, body: "" };
  const headers = {
    ...answerHeaders,
    "content-length": String(file.bytes),
    "content-type": "application/octet-stream",
    "last-modified": new Date(file.modifiedMs).toUTCString(),
    etag: `"0x${digests.md5}"`,
    "x-ms-blob-type": "BlockBlob",
    "x-ms-meta-sfcdigest": digests.sha256,
  };
  return { status: 200, headers, body: request.method === "HEAD" ? Buffer.alloc(0) : createReadStream(file.file) };
}

async function remove(account: StorageAccount, request: WireRequest): Promise<WireResponse> {
  const { bucket, path: name, refusal } = readRequest(account, request);
  if (refusal !== null) return refusal;
  const file = await account.stages.buckets.find(bucket, name);
  if (file !== null) await account.stages.buckets.remove(file);
  return { status: file === null ? 404 : 202, headers: answerHeaders, body: "" };
}
