import type { IncomingHttpHeaders } from "node:http";
import { signInByAccessToken } from "./access-token.ts";
import type { Credential } from "./credential.ts";
import { signInByKeyPair } from "./key-pair.ts";
import { signInByOauth } from "./oauth.ts";
import { isPassword } from "./password.ts";
import { signInErrors } from "./sign-in-error.ts";
import type { SignedIn, SignInAccount } from "./signed-in.ts";
import { signInByWorkloadIdentity } from "./workload-identity.ts";

/** Says whose credential it is. Throws SnowflakeError with Snowflake's code where it is not right, or its user is disabled. */
export async function signIn(account: SignInAccount, credential: Credential): Promise<SignedIn> {
  const signedIn = await verified(account, credential);
  if (signedIn.user.disabled) throw signInErrors.disabled();
  return signedIn;
}

/**
 * Signs in the `Authorization: Bearer …` header of the REST APIs; `X-Snowflake-Authorization-Token-Type` says which kind the
 * token is, else it is a key pair's. `WIF.<provider>.<token>` is a workload identity. Throws SnowflakeError.
 */
export async function signInByBearer(account: SignInAccount, headers: IncomingHttpHeaders): Promise<SignedIn> {
  const token = /^Bearer\s+(?<token>\S+)$/i.exec(headers.authorization ?? "")?.groups?.["token"];
  if (token === undefined) throw signInErrors.keyPair();
  const workload = /^WIF\.(?<provider>[A-Z]+)\.(?<token>.+)$/.exec(token)?.groups;
  if (workload !== undefined) {
    return signIn(account, {
      authenticator: "WORKLOAD_IDENTITY",
      loginName: null,
      provider: workload["provider"]!,
      token: workload["token"]!,
    });
  }
  const type = headers["x-snowflake-authorization-token-type"];
  const authenticator = type === undefined || type === "KEYPAIR_JWT" ? "SNOWFLAKE_JWT" : String(type);
  return signIn(account, {
    authenticator,
    loginName: null,
    token,
    ...(headers.host === undefined ? {} : { host: headers.host.replace(/:\d+$/, "") }),
  });
}

async function verified(account: SignInAccount, credential: Credential): Promise<SignedIn> {
  const { loginName, token = "" } = credential;
  switch (credential.authenticator.toUpperCase()) {
    case "SNOWFLAKE":
    case "": {
      // Programs that know no other way give a programmatic access token as the password.
      const user = loginName === null ? null : account.users.byLoginName(loginName);
      const password = credential.password ?? "";
      if (user === null || password === "") throw signInErrors.password();
      if (user.accessTokens.length > 0 && (user.passwordHash === null || !isPassword(password, user.passwordHash)))
        return signInByAccessToken(account, password, loginName);
      // A service user has no password, as in Snowflake.
      if (user.passwordHash === null || user.type === "SERVICE" || !isPassword(password, user.passwordHash))
        throw signInErrors.password();
      return { user, roleRestriction: null, anyRole: true };
    }
    case "SNOWFLAKE_JWT":
      return signInByKeyPair(account, credential);
    case "OAUTH":
      return signInByOauth(account, token, loginName);
    case "PROGRAMMATIC_ACCESS_TOKEN":
      return signInByAccessToken(account, token || (credential.password ?? ""), loginName);
    case "WORKLOAD_IDENTITY":
      if ((credential.provider ?? "OIDC") !== "OIDC") throw signInErrors.workloadIdentity();
      return signInByWorkloadIdentity(account, token);
    default:
      throw signInErrors.authenticator(credential.authenticator);
  }
}
