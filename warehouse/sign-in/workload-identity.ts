import { isCurrent, readJsonWebToken } from "./json-web-token.ts";
import { signInErrors } from "./sign-in-error.ts";
import type { SignedIn, SignInAccount } from "./signed-in.ts";

/** Audience of a token for a user without OIDC_AUDIENCE_LIST. */
const audienceDefault = "snowflakecomputing.com";

/**
 * Sign-in with the OIDC token of a workload: its issuer and subject are those of a user's WORKLOAD_IDENTITY, its audience is
 * one of the user's, its times are right, and a key that the issuer publishes signed it.
 */
export async function signInByWorkloadIdentity(account: SignInAccount, token: string): Promise<SignedIn> {
  const read = readJsonWebToken(token);
  const user = account.users
    .list()
    .find(
      ({ workloadIdentity: own }) => own !== null && own.issuer === read?.claims["iss"] && own.subject === read?.claims["sub"],
    );
  const identity = user?.workloadIdentity;
  if (read === null || user === undefined || identity === undefined || identity === null) throw signInErrors.workloadIdentity();
  const wanted = identity.audiences.length === 0 ? [audienceDefault] : identity.audiences;
  const own = Array.isArray(read.claims["aud"]) ? (read.claims["aud"] as readonly unknown[]) : [read.claims["aud"]];
  if (!own.some((audience) => wanted.includes(String(audience))) || !isCurrent(read, account.realNow()))
    throw signInErrors.workloadIdentity();
  if (!(await account.issuerKeys.hasSigned(read, identity.issuer))) throw signInErrors.workloadIdentity();
  return { user, roleRestriction: null, anyRole: true };
}
