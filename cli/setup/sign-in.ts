import { createPublicKey, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { SnowflakeConnection } from "../../crds/connectors/snowflake.ts";
import { CommandError, exitCode } from "../shell.ts";

/** How the service user is to sign in, with what its CREATE USER needs of it. null: not known yet. */
export type SignIn =
  /** Base64 of the public key, as RSA_PUBLIC_KEY takes it. */
  | { readonly kind: "keyPair"; readonly publicKey: string | null }
  | { readonly kind: "workloadIdentity"; readonly issuer: string | null; readonly subject: string | null }
  | { readonly kind: "token" }
  | { readonly kind: "oauth" };

/** What the command line says about signing in. */
export interface SignInOptions {
  /** Absolute path of a PEM file with the public key. */
  readonly keyFile?: string;
  /** `<issuer>,<subject>`: an issuer is a URL and has no comma. */
  readonly workloadIdentity?: string;
}

/** What the options say, else what the Connection says, else a key pair. Throws CommandError for an option that makes no sense. */
export async function signInOf(options: SignInOptions, connection: SnowflakeConnection | null): Promise<SignIn> {
  const { keyFile, workloadIdentity } = options;
  if (keyFile !== undefined && workloadIdentity !== undefined)
    throw wrong("--key-file and --workload-identity: a user signs in one way: give one of them");
  if (keyFile !== undefined) return { kind: "keyPair", publicKey: await readPublicKey(keyFile) };
  if (workloadIdentity !== undefined) {
    const comma = workloadIdentity.indexOf(",");
    const [issuer, subject] = [workloadIdentity.slice(0, comma), workloadIdentity.slice(comma + 1)];
    if (comma < 0 || subject === "" || !URL.canParse(issuer))
      throw wrong(
        "--workload-identity: must be <issuer>,<subject>, such as https://issuer.example,system:serviceaccount:loads:orders",
      );
    return { kind: "workloadIdentity", issuer, subject };
  }
  const auth = connection?.auth;
  if (auth?.workloadIdentity !== undefined) return { kind: "workloadIdentity", issuer: null, subject: null };
  if (auth?.token !== undefined) return { kind: "token" };
  if (auth?.oauth !== undefined) return { kind: "oauth" };
  return { kind: "keyPair", publicKey: null };
}

const wrong = (message: string): CommandError => new CommandError(message, { exitCode: exitCode.usage });

/** Snowflake takes RSA keys of this many bits or more. */
const keyBitsMin = 2048;

async function readPublicKey(path: string): Promise<string> {
  let pem: string;
  try {
    pem = await readFile(path, "utf8");
  } catch (error) {
    throw wrong(`--key-file ${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown error"})`);
  }
  // Node would make a public key of a private one; the file with the private key should not be lying around where this runs.
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))
    throw wrong(
      `--key-file ${path}: it holds a private key: give the public one: openssl rsa -in <private key> -pubout -out rsa_key.pub`,
    );
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw wrong(
      `--key-file ${path}: it holds no public key in PEM: make one: openssl rsa -in <private key> -pubout -out rsa_key.pub`,
    );
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== "rsa" || bits < keyBitsMin)
    throw wrong(`--key-file ${path}: Snowflake wants an RSA key of ${keyBitsMin} bits or more: openssl genrsa ${keyBitsMin}`);
  return key.export({ type: "spki", format: "der" }).toString("base64");
}
