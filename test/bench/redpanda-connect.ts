import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheDirectory } from "../kafka/maven-artifacts.ts";

const execute = promisify(execFile);
const module = join(import.meta.dirname, "redpanda-connect");

/**
 * The path of Redpanda Connect's program, built once from the Go modules that redpanda-connect/go.mod fixes and kept outside
 * the tree. Needs Go (about 2 minutes on 2 cores); throws a sentence that says so.
 */
export async function buildRedpandaConnect(say: (line: string) => void): Promise<string> {
  const hash = createHash("sha256");
  for (const file of ["go.mod", "go.sum", "main.go"]) hash.update(await readFile(join(module, file)));
  const directory = cacheDirectory(`redpanda-connect-${hash.digest("hex").slice(0, 12)}`);
  const program = join(directory, "redpanda-connect");
  try {
    await access(program);
    return program;
  } catch {
    // not built yet
  }
  say("building Redpanda Connect from its Go modules (a few minutes, once)");
  await mkdir(directory, { recursive: true });
  try {
    await execute("go", ["build", "-mod=readonly", "-trimpath", "-o", `${program}.partial`, "."], { cwd: module });
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const fix = missing ? "install Go 1.24 or newer (https://go.dev/dl), or leave it out with --only" : (cause as Error).message;
    throw new Error(`Redpanda Connect: cannot be built: ${fix}`, { cause });
  }
  await rename(`${program}.partial`, program);
  return program;
}

/** Its configuration for the same work, into Parquet files of 100,000 rows; it ends once nothing has come for `idleSeconds`. */
export function redpandaConnectConfig(options: {
  readonly bootstrap: string;
  readonly topic: string;
  readonly group: string;
  readonly directory: string;
  readonly idleSeconds: number;
}): string {
  const { bootstrap, topic, group, directory, idleSeconds } = options;
  return `
http: { enabled: false }
logger: { level: WARN }
input:
  read_until:
    idle_timeout: ${idleSeconds}s
    input:
      kafka_franz:
        seed_brokers: ["${bootstrap}"]
        topics: ["${topic}"]
        consumer_group: ${group}
        start_from_oldest: true
        batching: { count: 10000, period: 1s }
pipeline:
  processors:
    - mapping: |
        root = if this.status != "paid" { deleted() } else {
          {
            "order_id": this.orderId,
            "customer": this.customer.email.lowercase().hash("sha256").encode("hex"),
            "placed_at": this.placedAt,
            "amount": this.amount.number(),
            "currency": this.currency,
          }
        }
output:
  broker:
    outputs:
      - file:
          path: '${directory}/\${! uuid_v4() }.parquet'
          codec: all-bytes
    batching:
      count: 100000
      period: 5s
      processors:
        - parquet_encode:
            default_compression: zstd
            schema:
              - { name: order_id, type: UTF8 }
              - { name: customer, type: UTF8 }
              - { name: placed_at, type: TIMESTAMP }
              - { name: amount, type: DOUBLE }
              - { name: currency, type: UTF8 }
`;
}
