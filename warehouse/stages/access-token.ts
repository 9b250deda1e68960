import { createHmac, timingSafeEqual } from "node:crypto";

/** What the holder of a token may do: with files of one bucket whose path begins with `prefix`. */
export interface Access {
  readonly bucket: string;
  readonly prefix: string;
  readonly mode: "read" | "write";
  /** Milliseconds since the epoch. */
  readonly expiresMs: number;
}

/** A token for the storage endpoints that says what it allows and cannot be made without the key. Letters, digits, `-`, `_` and one `.`. */
export function signAccess(access: Access, key: Buffer): string {
  const body = Buffer.from(JSON.stringify([access.bucket, access.prefix, access.mode, access.expiresMs])).toString("base64url");
  return `${body}.${signature(body, key).toString("base64url")}`;
}

/** What the token allows; null where it was not signed with this key or has expired. */
export function verifyAccess(token: string, key: Buffer, now: number): Access | null {
  const [body, signed, ...rest] = token.split(".");
  if (body === undefined || signed === undefined || rest.length > 0) return null;
  const given = Buffer.from(signed, "base64url");
  const wanted = signature(body, key);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return null;
  const [bucket, prefix, mode, expiresMs] = JSON.parse(Buffer.from(body, "base64url").toString()) as [
    string,
    string,
    "read" | "write",
    number,
  ];
  return expiresMs > now ? { bucket, prefix, mode, expiresMs } : null;
}

function signature(body: string, key: Buffer): Buffer {
  return createHmac("sha256", key).update(body).digest();
}
