/** How a Kafka source treats memory and time. Tests shorten the times. */
export interface KafkaLimits {
  /** Fetched and not yet read, in bytes as they came; then nothing more is fetched. One answer per broker may come on top. */
  readonly queueBytesMax: number;
  /** One answer of one broker. */
  readonly fetchBytesMax: number;
  /** Of it one partition's, so that a partition far behind leaves room for the others. */
  readonly partitionBytesMax: number;
  /** Look for new topics and partitions this often. */
  readonly topicRefreshMs: number;
  /** Brokers may be away for so long before `read` says so: a restart of one broker is nothing to report. */
  readonly troubleGraceMs: number;
  /** A member that is silent for so long has lost its partitions (classic protocol; else the broker says). */
  readonly sessionTimeoutMs: number;
  /** Longest pause between a member's heartbeats: a partition that moves waits so long for its next reader to hear of it. */
  readonly heartbeatMs: number;
  /** A revoked partition that is not let go for so long is taken away: longer than the slow loads of three batches in a row. */
  readonly rebalanceTimeoutMs: number;
}

/** For production. 16 MiB feed the transform for more than a quarter of a second and cost a thirtieth of a small pod. */
export const kafkaLimits: KafkaLimits = {
  queueBytesMax: 16 << 20,
  fetchBytesMax: 4 << 20,
  partitionBytesMax: 1 << 20,
  topicRefreshMs: 10_000,
  troubleGraceMs: 5000,
  sessionTimeoutMs: 30_000,
  heartbeatMs: 2000,
  rebalanceTimeoutMs: 300_000,
};
