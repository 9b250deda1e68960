import type { OauthIntegration } from "./integrations.ts";
import { claimMs, isCurrent, type JsonWebToken, readJsonWebToken } from "./json-web-token.ts";
import { signInErrors } from "./sign-in-error.ts";
import type { SignedIn, SignInAccount } from "./signed-in.ts";

const roleScope = "session:role:";
const anyRoleScope = "session:role-any";

/**
 * Sign-in with an access token of an issuer that a security integration trusts: signature, issuer, audience and times are
 * right, and a claim names a user. `loginName` has to be that user; null: the token alone says it.
 */
export async function signInByOauth(account: SignInAccount, token: string, loginName: string | null): Promise<SignedIn> {
  const read = readJsonWebToken(token);
  const integration = account.integrations.list().find(({ enabled, issuer }) => enabled && issuer === read?.claims["iss"]);
  if (read === null || integration === undefined || !hasAudience(read, integration)) throw signInErrors.oauth();
  if (!(await account.issuerKeys.hasSigned(read, integration.issuer, integration.keysUrl ?? undefined)))
    throw signInErrors.oauth();
  const expiresMs = claimMs(read.claims, "exp");
  if (expiresMs !== null && expiresMs <= account.realNow()) throw signInErrors.oauthExpired();
  if (!isCurrent(read, account.realNow())) throw signInErrors.oauth();
  const name = integration.userClaims.map((claim) => read.claims[claim]).find((claim) => typeof claim === "string");
  const user = name === undefined ? null : account.users.byLoginName(name);
  if (user === null || (loginName !== null && loginName !== "" && loginName.toUpperCase() !== user.loginName.toUpperCase()))
    throw signInErrors.oauth();
  const scopes = scopesOf(read, integration);
  const role = scopes.find((scope) => scope.toLowerCase().startsWith(roleScope))?.slice(roleScope.length);
  const anyRole = integration.anyRole || scopes.some((scope) => scope.toLowerCase() === anyRoleScope);
  return { user, roleRestriction: role === undefined ? null : role.toUpperCase(), anyRole };
}

function hasAudience({ claims }: JsonWebToken, { audiences }: OauthIntegration): boolean {
  if (audiences.length === 0) return true;
  const own = Array.isArray(claims["aud"]) ? (claims["aud"] as readonly unknown[]) : [claims["aud"]];
  return own.some((audience) => audiences.includes(String(audience)));
}

/** Issuers write scopes as a list or as one text with spaces. */
function scopesOf({ claims }: JsonWebToken, { scopeClaim }: OauthIntegration): readonly string[] {
  const value = claims[scopeClaim] ?? claims["scope"];
  if (Array.isArray(value)) return value.map(String);
  return typeof value === "string" ? value.split(" ") : [];
}
