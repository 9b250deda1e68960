import type { Account } from "../account.ts";
import type { WireRequest, WireResponse } from "../http/route.ts";
import type { Access } from "./access-token.ts";

/** What storage endpoints need of the account. */
export type StorageAccount = Pick<Account, "stages" | "faults">;

/** A request for one file of a bucket. */
export interface StorageRequest {
  readonly bucket: string;
  readonly path: string;
  /** Why it is refused; null where its token allows it. */
  readonly refusal: WireResponse | null;
}

/** Reads which file is meant, and whether this token may do that with it. */
export function storageRequest(account: StorageAccount, request: WireRequest, token: string): StorageRequest {
  const { bucket = "", path = "" } = request.groups;
  const access = account.stages.allowed(token);
  return { bucket, path, refusal: refusal(access, request, { bucket, path }) };
}

function refusal(
  access: Access | null,
  { method }: WireRequest,
  { bucket, path }: { readonly bucket: string; readonly path: string },
): WireResponse | null {
  if (access === null) return { status: 401, body: "<Error><Code>AuthenticationRequired</Code></Error>" };
  const writes = method !== "GET" && method !== "HEAD";
  const inside = access.bucket === bucket && path.startsWith(access.prefix);
  // Before it writes, a driver looks whether the file is there.
  if (inside && (!writes || access.mode === "write")) return null;
  return { status: 403, body: "<Error><Code>AccessDenied</Code></Error>" };
}

/** The answer to an upload that has no room, if that fault strikes here. */
export function withoutRoom({ faults }: StorageAccount, { method, url }: WireRequest): WireResponse | null {
  const fault = faults.take(["diskFull"], { path: `${method} ${url.pathname}` });
  return fault === null ? null : { status: 507, body: "<Error><Code>InsufficientStorage</Code></Error>" };
}
