import { createHash, createPublicKey } from "node:crypto";
import { claimMs, isCurrent, readJsonWebToken } from "./json-web-token.ts";
import type { Credential } from "./credential.ts";
import { signInErrors } from "./sign-in-error.ts";
import type { SignedIn, SignInAccount } from "./signed-in.ts";

/** Snowflake takes no token for longer than an hour, whatever its end says. */
const validMs = 3_600_000;

/**
 * Key-pair sign-in: a token with `iss` ACCOUNT.USER.SHA256:<fingerprint of the public key> and `sub` ACCOUNT.USER, signed with
 * either of the user's two keys. `loginName` has to be the user that the token names; null: the token alone says it.
 * Clients take the account's name from the address: the first label of `host` is as good as the account's own name.
 */
export function signInByKeyPair(account: SignInAccount, { token = "", loginName, host }: Credential): SignedIn {
  const read = readJsonWebToken(token);
  if (read === null) throw signInErrors.keyPair();
  const issuer = /^(?<account>[^.]+)\.(?<user>.+)\.(?<print>SHA256:[A-Za-z0-9+/=]+)$/s.exec(String(read.claims["iss"]))?.groups;
  if (issuer === undefined || read.claims["sub"] !== `${issuer["account"]}.${issuer["user"]}`) throw signInErrors.keyPair();
  const names = [account.name, host?.split(".", 1)[0] ?? account.name].map((name) => name.toUpperCase());
  if (!names.includes(issuer["account"]!.toUpperCase())) throw signInErrors.keyPair();
  if (loginName !== null && loginName.toUpperCase() !== issuer["user"]!.toUpperCase()) throw signInErrors.keyPair();
  const user = account.users.byLoginName(issuer["user"]!);
  const keys = [user?.rsaPublicKey, user?.rsaPublicKey2].filter((one) => typeof one === "string");
  const key = keys.find((one) => fingerprint(one) === issuer["print"]);
  if (user === null || key === undefined) throw signInErrors.keyPair();
  const issuedMs = claimMs(read.claims, "iat");
  const tooOld = issuedMs !== null && account.realNow() > issuedMs + validMs;
  const publicKey = createPublicKey({ key: Buffer.from(key, "base64"), format: "der", type: "spki" });
  if (tooOld || !isCurrent(read, account.realNow()) || !read.isSignedBy(publicKey)) throw signInErrors.keyPair();
  return { user, roleRestriction: null, anyRole: true };
}

/** `SHA256:…` of a public key (base64 of its DER), as DESCRIBE USER shows it. */
function fingerprint(publicKey: string): string {
  return `SHA256:${createHash("sha256").update(Buffer.from(publicKey, "base64")).digest("base64")}`;
}
