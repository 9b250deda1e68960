import { createHash } from "node:crypto";
import { pino } from "pino";
import type { KafkaSource } from "../../crds/connectors/kafka.ts";
import type { ComponentContext } from "../component/context.ts";
import { Terminal } from "../component/errors.ts";
import { Cluster } from "../kafka/cluster.ts";
import type { ProbeQuestion } from "./probe-message.ts";

/** Clusters kept open at once: one of a connection's contents each, a few sockets and kilobytes. */
export const clustersMax = 64;
/** How long one that nobody asks is kept, in milliseconds: longer than the time between two looks at a sleeping pipeline. */
export const idleMs = 180_000;

interface Entry {
  readonly cluster: Cluster;
  users: number;
  usedAtMs: number;
}

/** Clusters by what their Connection says, secrets included, so that what was rotated is used at once. Disposing of it closes them. */
export class ClusterCache implements AsyncDisposable {
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many are open, for the tests. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Runs the call with the question's cluster, which stays open for it. Throws what the call throws, and Terminal where the
   * Connection's secrets lie where this process must not look.
   */
  async use<T>(question: ProbeQuestion, source: KafkaSource, call: (cluster: Cluster) => Promise<T>): Promise<T> {
    await this.#closeIdle();
    const { connection, files } = question;
    const key = createHash("sha256")
      .update(JSON.stringify([source.connection, connection, files]))
      .digest("hex");
    const entry = this.#entries.get(key) ?? {
      cluster: new Cluster(source.connection, contextOf(question, this.#now)),
      users: 0,
      usedAtMs: 0,
    };
    // Put at the end: the first entries are those that were not used for longest.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.users++;
    try {
      return await call(entry.cluster);
    } finally {
      entry.users--;
      entry.usedAtMs = this.#now();
      await this.#closeIdle();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#entries.values()].map(({ cluster }) => cluster[Symbol.asyncDispose]()));
    this.#entries.clear();
  }

  async #closeIdle(): Promise<void> {
    const dueMs = this.#now() - idleMs;
    for (const [key, { cluster, users, usedAtMs }] of this.#entries) {
      if (users > 0 || (usedAtMs > dueMs && this.#entries.size < clustersMax)) continue;
      this.#entries.delete(key);
      await cluster[Symbol.asyncDispose]();
    }
  }
}

/** A question's surroundings: its files are in memory, and nothing is read from this process's own disk or identity. */
function contextOf({ pipeline, connection, files }: ProbeQuestion, now: () => number): ComponentContext {
  const { sasl } = connection.kafka ?? {};
  // Both would hand the operator's own credentials to whatever brokers the Connection names.
  if (sasl?.awsMskIam !== undefined || sasl?.oauthBearer?.tokenFile !== undefined) {
    throw new Terminal(
      "NotProbeable",
      "connection: it signs in as its pod does (awsMskIam, tokenFile), which the operator cannot. Set scaling.min to 1, or sign in with a Secret",
    );
  }
  const file = async (kind: "secret" | "config map", folder: string, { name, key }: { name: string; key: string }) => {
    const content = files[`${folder}/${name}/${key}`];
    if (content === undefined) throw new Terminal("SecretMissing", `${kind} ${name}, key ${key}: it is not there`);
    // Editors end a file with a newline that is not part of a password.
    return Buffer.from(content, "base64")
      .toString()
      .replace(/\r?\n$/, "");
  };
  const secret: ComponentContext["secret"] = ({ secret: name, key }) => file("secret", "secret", { name, key });
  return {
    pipeline,
    connection: () => connection,
    secret,
    value: ({ secret: name, configMap = "", key }) =>
      name === undefined ? file("config map", "configMap", { name: configMap, key }) : secret({ secret: name, key }),
    path: (text) => text,
    scratchDirectory: "",
    now,
    log: pino({ level: "silent" }),
  };
}
