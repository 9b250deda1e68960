import type { Certificate, Certificates } from "./certificates.ts";

/** Ports of one node's listeners. */
export interface NodePorts {
  readonly plaintext: number;
  readonly controller: number;
  /** SASL over TLS. */
  readonly sasl: number;
  /** TLS that demands a client certificate. */
  readonly mtls: number;
  /** SASL over TLS with an expired certificate. */
  readonly expired: number;
}

/** What one node is made of. */
export interface NodeOptions {
  /** From 1 on. Node 1 is also the controller. */
  readonly id: number;
  readonly nodes: readonly NodePorts[];
  readonly dataDirectory: string;
  /** Where it listens: 0.0.0.0 inside a container. */
  readonly bind: string;
  /** Where clients reach the listener without TLS, and the nodes each other. */
  readonly advertised: string;
  readonly certificates: Certificates | null;
  /** Users of SASL PLAIN. */
  readonly users: Readonly<Record<string, string>>;
  readonly overrides: Readonly<Record<string, string | number>>;
}

/** Properties of a small, quick node: few partitions of the inner topics, no delay before a first rebalance. */
export function brokerProperties(options: NodeOptions): string {
  const { id, nodes, bind, advertised } = options;
  const own = nodes[id - 1]!;
  const listeners = [["PLAINTEXT", own.plaintext], ...(options.certificates === null ? [] : secureListeners(own))] as const;
  const replicas = Math.min(nodes.length, 3);
  return lines({
    "process.roles": id === 1 ? "broker,controller" : "broker",
    "node.id": id,
    "controller.quorum.voters": `1@${advertised}:${nodes[0]!.controller}`,
    listeners: [
      ...listeners.map(([name, port]) => `${name}://${bind}:${port}`),
      ...(id === 1 ? [`CONTROLLER://${bind}:${own.controller}`] : []),
    ].join(","),
    "advertised.listeners": listeners
      .map(([name, port]) => `${name}://${name === "PLAINTEXT" ? advertised : "localhost"}:${port}`)
      .join(","),
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_SSL,MTLS:SSL,EXPIRED:SASL_SSL",
    "inter.broker.listener.name": "PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "log.dirs": options.dataDirectory,
    "auto.create.topics.enable": "false",
    "num.partitions": 1,
    "num.io.threads": 4,
    "num.network.threads": 2,
    "background.threads": 2,
    "group.coordinator.threads": 1,
    "group.initial.rebalance.delay.ms": 0,
    "offsets.topic.num.partitions": 4,
    "offsets.topic.replication.factor": replicas,
    "transaction.state.log.num.partitions": 4,
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": 1,
    "share.coordinator.state.topic.replication.factor": replicas,
    "share.coordinator.state.topic.min.isr": 1,
    "log.cleaner.dedupe.buffer.size": 4_194_304,
    "log.segment.delete.delay.ms": 1000,
    ...(options.certificates === null ? {} : security(options.certificates, options.users)),
    ...options.overrides,
  });
}

/** Listener names are ours; `listener.security.protocol.map` says what they speak. */
function secureListeners(ports: NodePorts) {
  return [
    ["SASL", ports.sasl],
    ["MTLS", ports.mtls],
    ["EXPIRED", ports.expired],
  ] as const;
}

function security(certificates: Certificates, users: Readonly<Record<string, string>>): Record<string, string> {
  const plainUsers = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`);
  const plain = `org.apache.kafka.common.security.plain.PlainLoginModule required ${plainUsers.join(" ")};`;
  const scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
  // Unsecured tokens (RFC 7515, `alg: none`) are what Kafka accepts without a validator: good for tests only.
  const bearer =
    'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";';
  const sasl = (listener: string) => ({
    [`listener.name.${listener}.sasl.enabled.mechanisms`]: "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
    [`listener.name.${listener}.plain.sasl.jaas.config`]: plain,
    [`listener.name.${listener}.scram-sha-256.sasl.jaas.config`]: scram,
    [`listener.name.${listener}.scram-sha-512.sasl.jaas.config`]: scram,
    [`listener.name.${listener}.oauthbearer.sasl.jaas.config`]: bearer,
  });
  const store = (listener: string, { certificate, key }: Certificate) => ({
    [`listener.name.${listener}.ssl.keystore.type`]: "PEM",
    [`listener.name.${listener}.ssl.keystore.certificate.chain`]: certificate,
    [`listener.name.${listener}.ssl.keystore.key`]: key,
    [`listener.name.${listener}.ssl.truststore.type`]: "PEM",
    [`listener.name.${listener}.ssl.truststore.certificates`]: certificates.ca,
  });
  return {
    ...sasl("sasl"),
    ...sasl("expired"),
    ...store("sasl", certificates.server),
    ...store("expired", certificates.expired),
    ...store("mtls", certificates.server),
    "listener.name.mtls.ssl.client.auth": "required",
  };
}

/** Java's properties format: a backslash and a line break inside a value are escaped. */
function lines(properties: Readonly<Record<string, string | number>>): string {
  const escaped = (value: string | number) => String(value).trim().replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${escaped(value)}\n`)
    .join("");
}
