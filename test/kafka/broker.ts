import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { brokerProperties, type NodePorts } from "./broker-properties.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { freePorts } from "./free-port.ts";
import { type GuardedProcess, startGuarded } from "./guarded-process.ts";
import { mavenArtifacts } from "./maven-artifacts.ts";

const run = promisify(execFile);

/** The Apache Kafka that tests and the demo run against. */
const kafkaVersion = "4.3.1";

/** A first start on a busy laptop takes about ten seconds. */
const startTimeoutMs = 90_000;
/** A node with data of a test closes its log in about a second. */
const stopGraceMs = 10_000;

const loopback = "127.0.0.1";

/** How the broker is to be; all may be left out. */
export interface BrokerOptions {
  /** Broker properties on top of ours. */
  readonly properties?: Readonly<Record<string, string | number>>;
  /** Also listen with SASL over TLS, TLS with client certificates, and TLS with an expired certificate. */
  readonly security?: boolean;
  /** Nodes; 1 to 3. Node 1 is the controller: keep it alive in tests of leader changes. */
  readonly clusterSize?: number;
  /** Levels of features at formatting: `group.version=0` is a broker that only knows the classic group protocol. */
  readonly features?: readonly string[];
  /** Address that it listens on and is reached at, in place of 127.0.0.1: a bridge's, for clients in pods. */
  readonly address?: string;
  /** Told what takes long, one line each. */
  readonly say?: (line: string) => void;
}

/** Where and how to sign in to a broker with `security`. */
export interface SecureBroker {
  /** SASL over TLS: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER (unsecured tokens). */
  readonly sasl: string;
  /** TLS that demands a client certificate. */
  readonly mtls: string;
  /** SASL over TLS with an expired certificate. */
  readonly expired: string;
  readonly username: string;
  readonly password: string;
  readonly certificates: Certificates;
}

/** One node of the cluster. */
export interface BrokerNode {
  readonly id: number;
  readonly bootstrap: string;
  /** SIGTERM: the log is closed and leadership moves away first. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again on its port and data, after `stop` or `kill`. */
  start(): Promise<void>;
}

/** A running broker, or a small cluster. */
export interface Broker extends AsyncDisposable {
  /** `host:port`, comma-separated where there are several nodes. */
  readonly bootstrap: string;
  /** Set with `security`. */
  readonly secure?: SecureBroker;
  readonly nodes: readonly BrokerNode[];
  /** From the call to a cluster that takes records. */
  readonly startSeconds: number;
  /** Ends all nodes and removes their data. */
  stop(): Promise<void>;
  /** SIGKILL to all nodes; their data stays. */
  kill(): Promise<void>;
  /** Stops what runs and starts all nodes again on their ports and data. */
  restart(): Promise<void>;
}

/**
 * Starts a real Apache Kafka in KRaft mode on free ports of `address`, with its data in a temporary directory. It never
 * outlives this process. Needs a JDK 17 and Maven (54 MB are downloaded once), or Docker; throws a sentence that says so.
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const began = performance.now();
  const say = options.say ?? (() => {});
  const launch = await launcher(say);
  const directory = await mkdtemp(join(tmpdir(), "snowline-kafka-"));
  try {
    const certificates = options.security === true ? await makeCertificates(join(directory, "certificates")) : null;
    const ports = await nodePorts(options.clusterSize ?? 1);
    const nodes = await Promise.all(
      ports.map((_, index) => prepareNode({ id: index + 1, ports, directory, certificates, launch, options })),
    );
    say(`starting Kafka ${kafkaVersion}`);
    await Promise.all(nodes.map((node) => node.start()));
    const seconds = (performance.now() - began) / 1000;
    say(`Kafka ${kafkaVersion} is ready on ${nodes.map((node) => node.bootstrap).join(",")} after ${seconds.toFixed(1)} s`);
    return cluster({ nodes, directory, certificates, ports, seconds });
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

const username = "app";
const password = "app-secret";

interface ClusterParts {
  readonly nodes: readonly BrokerNode[];
  readonly directory: string;
  readonly certificates: Certificates | null;
  readonly ports: readonly NodePorts[];
  readonly seconds: number;
}

function cluster({ nodes, directory, certificates, ports, seconds }: ClusterParts): Broker {
  const every = async (act: (node: BrokerNode) => Promise<void>) => void (await Promise.all(nodes.map(act)));
  const stop = async () => {
    // The controller last: the others hand over their leadership to it.
    await Promise.all(nodes.slice(1).map((node) => node.stop()));
    await nodes[0]!.stop();
    await rm(directory, { recursive: true, force: true });
  };
  const own = ports[0]!;
  return {
    bootstrap: nodes.map((node) => node.bootstrap).join(","),
    ...(certificates === null
      ? {}
      : {
          secure: {
            sasl: `localhost:${own.sasl}`,
            mtls: `localhost:${own.mtls}`,
            expired: `localhost:${own.expired}`,
            username,
            password,
            certificates,
          },
        }),
    nodes,
    startSeconds: seconds,
    stop,
    kill: () => every((node) => node.kill()),
    restart: async () => {
      await every((node) => node.stop());
      await every((node) => node.start());
    },
    [Symbol.asyncDispose]: stop,
  };
}

interface NodeParts {
  readonly id: number;
  readonly ports: readonly NodePorts[];
  readonly directory: string;
  readonly certificates: Certificates | null;
  readonly launch: Launcher;
  readonly options: BrokerOptions;
}

async function prepareNode({ id, ports, directory, certificates, launch, options }: NodeParts): Promise<BrokerNode> {
  const home = join(directory, `node-${id}`);
  await mkdir(home);
  const properties = brokerProperties({
    id,
    nodes: ports,
    dataDirectory: join(home, "data"),
    bind: options.address ?? launch.bind,
    advertised: options.address ?? loopback,
    certificates,
    users: { [username]: password },
    overrides: options.properties ?? {},
  });
  await writeFile(join(home, "server.properties"), properties, { mode: 0o600 });
  const scram =
    certificates === null
      ? []
      : ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => [
          "--add-scram",
          `${mechanism}=[name=${username},password=${password}]`,
        ]);
  const features = (options.features ?? []).flatMap((feature) => ["--feature", feature]);
  const format = ["format", "-t", "c25vd2xpbmUtdGVzdHMtMQ", "-c", join(home, "server.properties"), ...scram, ...features];
  let formatted = false;
  let running: GuardedProcess | null = null;
  return {
    id,
    bootstrap: `${options.address ?? loopback}:${ports[id - 1]!.plaintext}`,
    start: async () => {
      const container = launch.container ? { container: basename(directory) + `-node-${id}` } : {};
      const command = launch.command({
        home,
        format: formatted ? null : format,
        ports: Object.values(ports[id - 1]!),
        ...container,
      });
      running = startGuarded(command, { removed: directory, name: `Kafka node ${id}`, ...container });
      await running.saw("Kafka Server started", startTimeoutMs);
      formatted = true;
    },
    stop: async () => {
      if (running?.running === true) await running.stop(stopGraceMs);
    },
    kill: async () => {
      if (running?.running === true) await running.kill();
    },
  };
}

async function nodePorts(count: number): Promise<readonly NodePorts[]> {
  const ports = await freePorts(count * 5);
  return Array.from({ length: count }, (_, node) => {
    const [plaintext, controller, sasl, mtls, expired] = ports.slice(node * 5) as [number, number, number, number, number];
    return { plaintext, controller, sasl, mtls, expired };
  });
}

interface Launch {
  readonly home: string;
  readonly format: readonly string[] | null;
  readonly ports: readonly number[];
  readonly container?: string;
}

/** How to run a node here. */
interface Launcher {
  readonly bind: string;
  /** True: the node runs in a Docker container. */
  readonly container: boolean;
  command(launch: Launch): string[];
}

const formatAndRun = (format: readonly string[] | null, tool: string, server: string) =>
  format === null ? `exec ${server}` : `${tool} ${format.map((word) => `'${word}'`).join(" ")} >/dev/null && exec ${server}`;

async function launcher(say: (line: string) => void): Promise<Launcher> {
  const [java, maven] = await Promise.all([works("java", "-version"), works("mvn", "-v")]);
  if (java && maven) return javaLauncher(say);
  if (await works("docker", "info")) return dockerLauncher(say);
  throw new Error(
    `Kafka: cannot be started without ${java ? "Maven (mvn)" : maven ? "a JDK" : "a JDK and Maven (mvn)"}; install JDK 17 or newer and Maven, or start a Docker engine`,
  );
}

async function javaLauncher(say: (line: string) => void): Promise<Launcher> {
  const artifacts = [
    { group: "org.apache.kafka", name: "kafka_2.13", version: kafkaVersion },
    { group: "org.apache.kafka", name: "kafka-tools", version: kafkaVersion },
    { group: "org.slf4j", name: "slf4j-simple", version: "1.7.36" },
  ];
  const jars = await mavenArtifacts(`kafka-${kafkaVersion}`, artifacts, () =>
    say(`downloading Kafka ${kafkaVersion}, 54 MB, once`),
  );
  const small = "-Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto";
  const quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info";
  const java = (main: string) => `java ${small} ${quiet} -cp '${jars}/*' ${main}`;
  return {
    bind: "127.0.0.1",
    container: false,
    command: ({ home, format }) => [
      "sh",
      "-c",
      formatAndRun(format, java("kafka.tools.StorageTool"), `${java("kafka.Kafka")} '${home}/server.properties'`),
    ],
  };
}

async function dockerLauncher(say: (line: string) => void): Promise<Launcher> {
  const image = `apache/kafka:${kafkaVersion}`;
  if (!(await works("docker", "image", "inspect", image))) {
    say(`pulling ${image}, once`);
    await run("docker", ["pull", image]);
  }
  // On Linux the host's network, so that the nodes of a cluster reach each other; elsewhere containers have their own.
  const host = process.platform === "linux";
  return {
    bind: host ? "127.0.0.1" : "0.0.0.0",
    container: true,
    command: ({ home, format, ports, container }) => {
      const script = formatAndRun(
        format,
        "/opt/kafka/bin/kafka-storage.sh",
        `/opt/kafka/bin/kafka-server-start.sh '${home}/server.properties'`,
      );
      const network = host ? ["--network", "host"] : ports.flatMap((port) => ["-p", `127.0.0.1:${port}:${port}`]);
      const rest = [
        "-e",
        "KAFKA_HEAP_OPTS=-Xmx256m",
        "-v",
        `${home}:${home}`,
        "--user",
        "0",
        "--entrypoint",
        "sh",
        image,
        "-c",
        script,
      ];
      return ["docker", "run", "--rm", "--name", container ?? "", ...network, ...rest];
    },
  };
}

async function works(command: string, ...args: string[]): Promise<boolean> {
  return run(command, args).then(
    () => true,
    () => false,
  );
}
