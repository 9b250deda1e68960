import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import type { ConnectionOptions, SASLOptions } from "@platformatic/kafka";
import type { KafkaConnection } from "../../crds/connectors/kafka.ts";
import type { SecretReference } from "../../crds/secret-reference.ts";
import type { ComponentContext } from "../component/context.ts";
import { Terminal } from "../component/errors.ts";
import type { ClusterName } from "./kafka-errors.ts";
import { clientCredentialsToken } from "../oauth/client-credentials-token.ts";

type Tls = NonNullable<KafkaConnection["tls"]>;
type Sasl = NonNullable<KafkaConnection["sasl"]>;

/** How long a broker may take to accept a connection; the next one is tried after it. */
const connectTimeoutMs = 5000;

/** The Kafka part of a Connection. Throws Terminal where it is another kind of connection. */
export function kafkaConnection(name: string, context: ComponentContext): KafkaConnection {
  const { kafka } = context.connection(name);
  if (kafka === undefined)
    throw new Terminal("ConnectionInvalid", `connection "${name}": it is not a Kafka connection. Name one with spec.kafka`);
  return kafka;
}

/** How errors call the cluster. */
export function clusterName(connection: string, { brokers, sasl, tls }: KafkaConnection): ClusterName {
  return { connection, brokers, signIn: sasl === undefined ? null : `SASL ${mechanism(sasl)}`, tls: tls !== undefined };
}

/**
 * How to open a connection: a function, because certificates and keys are read anew for each connection, and user names,
 * passwords and tokens at each sign-in, so that rotated ones are seen. Throws what `context.secret` throws.
 */
export function connectionOptions(
  spec: KafkaConnection,
  context: ComponentContext,
): (host: string | null) => Promise<ConnectionOptions> {
  const sasl = spec.sasl === undefined ? undefined : saslOptions(spec.sasl, context);
  return async (host) => ({
    connectTimeout: connectTimeoutMs,
    ...(sasl === undefined ? {} : { sasl }),
    ...(spec.tls === undefined ? {} : { tls: await tlsOptions(spec.tls, context), ...serverName(spec.tls, host) }),
  });
}

async function tlsOptions(tls: Tls, context: ComponentContext): Promise<NonNullable<ConnectionOptions["tls"]>> {
  return {
    ...(tls.caFrom === undefined ? {} : { ca: await context.value(tls.caFrom) }),
    ...(tls.certificateFrom === undefined ? {} : { cert: await context.value(tls.certificateFrom) }),
    ...(tls.keyFrom === undefined ? {} : { key: await context.secret(tls.keyFrom) }),
    ...(tls.keyPassphraseFrom === undefined ? {} : { passphrase: await context.secret(tls.keyPassphraseFrom) }),
  };
}

/** The name asked for in the handshake (SNI), which clusters behind one address need; TLS does not allow an address there. */
function serverName(tls: Tls, host: string | null): { tlsServerName?: string | true } {
  if (tls.serverName !== undefined) return { tlsServerName: tls.serverName };
  return host !== null && isIP(host) !== 0 ? {} : { tlsServerName: true };
}

function mechanism(sasl: Sasl): SASLOptions["mechanism"] {
  if (sasl.plain !== undefined) return "PLAIN";
  if (sasl.scram !== undefined) return sasl.scram.mechanism;
  return "OAUTHBEARER";
}

function saslOptions(sasl: Sasl, context: ComponentContext): SASLOptions {
  if (sasl.plain !== undefined) return { mechanism: "PLAIN", ...userAndPassword(sasl.plain, context) };
  if (sasl.scram !== undefined) return { mechanism: sasl.scram.mechanism, ...userAndPassword(sasl.scram, context) };
  return { mechanism: "OAUTHBEARER", token: tokenOf(sasl, context) };
}

interface UserAndPassword {
  readonly username?: string;
  readonly usernameFrom?: SecretReference;
  readonly passwordFrom: SecretReference;
}

function userAndPassword(spec: UserAndPassword, context: ComponentContext): Pick<SASLOptions, "username" | "password"> {
  const { username, usernameFrom, passwordFrom } = spec;
  return {
    username: async () => (usernameFrom === undefined ? (username ?? "") : context.secret(usernameFrom)),
    password: () => context.secret(passwordFrom),
  };
}

function tokenOf(sasl: Sasl, context: ComponentContext): () => Promise<string> {
  if (sasl.awsMskIam !== undefined) {
    const { region } = sasl.awsMskIam;
    return () => mskToken(region);
  }
  const { tokenFile, clientCredentials } = sasl.oauthBearer ?? {};
  if (clientCredentials !== undefined) return clientCredentialsToken(clientCredentials, context);
  const path = context.path(tokenFile?.path ?? "");
  return async () => {
    const token = await readFile(path, "utf8").catch((cause: unknown) => {
      throw new Terminal(
        "AuthenticationFailed",
        `token file ${path}: cannot be read. Check sasl.oauthBearer.tokenFile.path and that the file is mounted`,
        { cause },
      );
    });
    return token.trim();
  };
}

/** A presigned request that MSK takes as a token. The signer brings much of the AWS SDK: it is loaded where it is used. */
async function mskToken(region: string): Promise<string> {
  const { generateAuthToken } = await import("aws-msk-iam-sasl-signer-js");
  try {
    return (await generateAuthToken({ region })).token;
  } catch {
    // The SDK's error may quote the request it signed, so it is not passed on.
    throw new Terminal(
      "AuthenticationFailed",
      `MSK IAM in ${region}: no AWS credentials were found or they could not sign. Check the pod's AWS identity`,
    );
  }
}
