import { createReadStream } from "node:fs";
import type { Route, WireRequest, WireResponse } from "../http/route.ts";
import { type StorageAccount, storageRequest, withoutRoom } from "./storage-request.ts";

const path = /^\/storage\/gcs\/(?<bucket>[^/]+)\/(?<path>.+)$/;

/** A bucket as Google's XML interface shows it: PUT, GET and HEAD with a bearer token. */
export function gcsRoutes(account: StorageAccount): readonly Route[] {
  return [
    { method: "PUT", path, handle: (request) => put(account, request) },
    { method: "GET", path, handle: (request) => get(account, request) },
    { method: "HEAD", path, handle: (request) => get(account, request) },
  ];
}

/** In a header, or in the address where that is for one file. */
function token({ headers, url }: WireRequest): string {
  return /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1] ?? url.searchParams.get("token") ?? "";
}

async function put(account: StorageAccount, request: WireRequest): Promise<WireResponse> {
  const { bucket, path: name, refusal } = storageRequest(account, request, token(request));
  const refused = refusal ?? withoutRoom(account, request);
  if (refused !== null) return refused;
  try {
    const { md5 } = await account.stages.buckets.put(bucket, name, request.stream());
    account.stages.arrived(bucket, name);
    return { status: 200, headers: { etag: `"${md5}"` }, body: "" };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { status: 400, body: "<Error><Code>InvalidObjectName</Code></Error>" };
  }
}

async function get(account: StorageAccount, request: WireRequest): Promise<WireResponse> {
  const { bucket, path: name, refusal } = storageRequest(account, request, token(request));
  if (refusal !== null) return refusal;
  const file = await account.stages.buckets.find(bucket, name);
  const digests = file === null ? null : await account.stages.buckets.digests(file);
  if (file === null || digests === null) return { status: 404, body: "<Error><Code>NoSuchKey</Code></Error>" };
  const headers = {
    "content-length": String(file.bytes),
    "content-type": "application/octet-stream",
    "last-modified": new Date(file.modifiedMs).toUTCString(),
    etag: `"${digests.md5}"`,
    "x-goog-meta-sfc-digest": digests.sha256,
  };
  return { status: 200, headers, body: request.method === "HEAD" ? Buffer.alloc(0) : createReadStream(file.file) };
}
