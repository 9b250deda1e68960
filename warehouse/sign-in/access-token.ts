import { signInErrors } from "./sign-in-error.ts";
import type { SignedIn, SignInAccount } from "./signed-in.ts";
import { tokenDigest } from "./users.ts";

/** Sign-in with a programmatic access token. `loginName` has to be its user; null: the token alone says it. */
export function signInByAccessToken(account: SignInAccount, secret: string, loginName: string | null): SignedIn {
  const digest = tokenDigest(secret);
  for (const user of account.users.list()) {
    const token = user.accessTokens.find((one) => one.digest === digest);
    if (token === undefined) continue;
    if (token.disabled || token.expiresMs <= account.now()) break;
    if (loginName !== null && loginName.toUpperCase() !== user.loginName.toUpperCase()) break;
    return { user, roleRestriction: token.roleRestriction, anyRole: true };
  }
  throw signInErrors.accessToken();
}
