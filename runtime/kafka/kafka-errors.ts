import { NotConnected, Terminal } from "../component/errors.ts";

/** Which cluster an error is about. */
export interface ClusterName {
  /** The Connection's name. */
  readonly connection: string;
  readonly brokers: readonly string[];
  /** `SASL SCRAM-SHA-512`, or null where the connection has no `sasl`. */
  readonly signIn: string | null;
  readonly tls: boolean;
}

/**
 * What an error of the client means for the engine: Terminal where only a person can help (sign-in, certificate, rights),
 * NotConnected otherwise. `connecting`: it came from opening a connection; later a failed sign-in only ends the connection.
 * The message names the brokers and never a credential; the client's own errors stay out of it, and out of `cause` where
 * they could carry what was sent.
 */
export function steered(error: unknown, cluster: ClusterName, connecting: boolean): Error {
  const chain = [...unfolded(error)];
  const own = chain.find((link) => link instanceof Terminal || link instanceof NotConnected);
  if (own !== undefined) return own;
  const where = `kafka connection "${cluster.connection}" (${cluster.brokers.join(", ")})`;
  if (connecting && isSignInRefused(chain)) {
    const how = cluster.signIn ?? "no sasl";
    return new Terminal(
      "AuthenticationFailed",
      `${where}: the brokers refused the sign-in with ${how}. Check the credentials and that they were made for this mechanism`,
    );
  }
  const certificate = chain.map(tlsProblem).find((problem) => problem !== null);
  if (certificate !== undefined) return new Terminal("TlsFailed", `${where}: ${certificate}`);
  const forbidden = chain.map(text("apiId")).find((id) => id.endsWith("_AUTHORIZATION_FAILED"));
  if (forbidden !== undefined) {
    return new Terminal(
      "AuthorizationFailed",
      `${where}: the brokers answered ${forbidden}. Grant the connection's user Read and Describe on the topics and Read on the group`,
    );
  }
  const reason = chain.map(plainReason).find((found) => found !== null) ?? "the connection was closed";
  const hint =
    reason.includes("closed") && (cluster.signIn === null || !cluster.tls)
      ? "; brokers that want TLS or SASL do this where the Connection has none"
      : "";
  return new NotConnected(`${where}: ${reason}${hint}`);
}

/** The broker's error codes in an error of the client, by name: `NOT_COORDINATOR`. */
export function brokerErrors(error: unknown): readonly string[] {
  return [...unfolded(error)].map(text("apiId")).filter((id) => id !== "");
}

/** Answers that say a group's coordinator has to be found again: it moves, or is not ready yet. */
export const coordinatorMoved: readonly string[] = [
  "NOT_COORDINATOR",
  "COORDINATOR_NOT_AVAILABLE",
  "COORDINATOR_LOAD_IN_PROGRESS",
];

/** Links a chain may have before it is cut: a cycle of causes must not hang us. */
const linksMax = 50;

function unfolded(error: unknown): Set<Error> {
  const links = new Set<Error>();
  const visit = (link: unknown) => {
    if (!(link instanceof Error) || links.has(link) || links.size >= linksMax) return;
    links.add(link);
    if (link instanceof AggregateError) for (const inner of link.errors) visit(inner);
    visit(link.cause);
  };
  visit(error);
  return links;
}

const text = (property: "apiId" | "code") => (error: Error) => {
  const value = (error as unknown as Record<string, unknown>)[property];
  return typeof value === "string" ? value : "";
};
const codeOf = text("code");

/** A broker that dies during the handshake looks like a failed sign-in, too, but has a network error inside. */
function isSignInRefused(chain: readonly Error[]): boolean {
  const answers = ["SASL_AUTHENTICATION_FAILED", "UNSUPPORTED_SASL_MECHANISM", "ILLEGAL_SASL_STATE"];
  if (chain.some((link) => answers.includes(text("apiId")(link)))) return true;
  const failure = chain.find((link) => codeOf(link) === "PLT_KFK_AUTHENTICATION");
  return failure !== undefined && ![...unfolded(failure.cause)].some((link) => codeOf(link) === "PLT_KFK_NETWORK");
}

const tlsCodes =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO)/;

function tlsProblem(error: Error): string | null {
  const code = codeOf(error);
  if (error.message.includes("Broker requires TLS")) return "the brokers speak TLS on this port. Set `tls: {}` in the Connection";
  if (
    error.message.includes("verify the broker supports TLS") ||
    code === "ERR_SSL_WRONG_VERSION_NUMBER" ||
    code === "ERR_SSL_PACKET_LENGTH_TOO_LONG"
  ) {
    return "the brokers do not speak TLS on this port. Remove `tls` from the Connection or use the brokers' TLS port";
  }
  if (code === "CERT_HAS_EXPIRED") return "the brokers' certificate has expired. Renew it";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return "the brokers' certificate is for another name. Use a broker name it carries, or set tls.serverName";
  if (/CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN|HANDSHAKE_FAILURE/.test(code)) {
    return `the brokers refused our certificate (${code}). Check tls.certificateFrom and tls.keyFrom`;
  }
  if (/^(SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_(GET|VERIFY))/.test(code))
    return `the brokers' certificate is not trusted (${code}). Set tls.caFrom to the authority that signed it`;
  return tlsCodes.test(code) ? `TLS failed (${code}). Check the Connection's tls` : null;
}

/** The system's reason, such as `connect ECONNREFUSED 10.0.0.7:9092`; it comes without anything that was sent. */
function plainReason(error: Error): string | null {
  if (/^(E[A-Z]+|EAI_[A-Z]+)$/.test(codeOf(error))) return error.message || codeOf(error);
  const broker = text("apiId")(error);
  if (broker !== "") return `the brokers answered ${broker}`;
  if (/timed out/i.test(error.message)) return "no answer in time";
  return null;
}
