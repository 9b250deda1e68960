import { randomBytes, scryptSync, timingSafeEqual } from "node:crypto";

const saltBytes = 16;
const hashBytes = 32;

/** A password as it may be kept: `salt:hash`, base64. */
export function passwordHash(password: string): string {
  const salt = randomBytes(saltBytes);
  return `${salt.toString("base64")}:${scryptSync(password, salt, hashBytes).toString("base64")}`;
}

/** Whether this is the password that was hashed. */
export function isPassword(password: string, hash: string): boolean {
  const [salt = "", expected = ""] = hash.split(":").map((part) => Buffer.from(part, "base64"));
  return timingSafeEqual(scryptSync(password, salt, hashBytes), Buffer.from(expected));
}
