import { join } from "node:path";
import { buildGoProgram } from "../cache/go-program.ts";

/** The path of Redpanda Connect's program, built once. Needs Go; throws a sentence that says so. */
export function buildRedpandaConnect(say: (line: string) => void): Promise<string> {
  const module = join(import.meta.dirname, "redpanda-connect");
  return buildGoProgram({ name: "redpanda-connect", module, package: ".", takes: "2 minutes on 2 cores" }, say);
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
