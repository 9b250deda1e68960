/** A series of promtool: `metric{labels}`, and its values, one every 30 seconds. */
type Series = readonly [series: string, values: string];

/** What becomes of an alert with these series. */
export interface AlertCase {
  readonly alert: string;
  /** Which of the alert's rules, where there are several. */
  readonly sign?: string;
  /** Ends the sentence `alert fires …` or `alert is quiet …`. */
  readonly what: string;
  readonly series: readonly Series[];
  /** When it is looked at. */
  readonly at: string;
  /** null: it does not fire. Labels are those beside severity and sign. */
  readonly fires: {
    readonly labels: Readonly<Record<string, string>>;
    readonly severity: "critical" | "warning";
    readonly summary: string;
    readonly description: string;
  } | null;
}

const orders = { namespace: "shop", pipeline: "orders" };
const leader = { ...orders, pod: "snowline-a" };
const operator = { job: "snowline-metrics", namespace: "snowline-system" };
const runtime = { ...orders, pod: "pipeline-orders-1" };

/** Samples of more than an hour and a half. */
const long = 200;
const always = (value: number): string => `${value}+0x${long}`;
const climbing = (from: number, step: number): string => `${from}${step < 0 ? "" : "+"}${step}x${long}`;

const series = (metric: string, labels: Readonly<Record<string, string>>, values: string): Series => {
  const matchers = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return [`${metric}{${matchers.join(",")}}`, values];
};
const ofPipeline = (what: string, values: string, more: Readonly<Record<string, string>> = {}): Series =>
  series(`snowline_pipeline_${what}`, { ...leader, ...more }, values);
/** The same, told by a replica of the operator for 20 minutes, and from a minute and a half later on by another. */
const takenOver = (what: string, value: number, more: Readonly<Record<string, string>> = {}): readonly Series[] => [
  ofPipeline(what, `${value}+0x40 stale`, more),
  ofPipeline(what, `_x43 ${value}+0x${long}`, { ...more, pod: "snowline-b" }),
];
const condition = (type: string, values: string): Series => ofPipeline("condition", values, { type });

const lag: readonly AlertCase[] = [
  {
    alert: "SnowlineLagOverTarget",
    what: "while the lag grows above the target of its scaling",
    series: [ofPipeline("lag_seconds", climbing(0, 10)), ofPipeline("target_lag_seconds", always(60))],
    at: "40m",
    fires: {
      labels: orders,
      severity: "warning",
      summary: "shop/orders is behind and does not catch up",
      description:
        "The table is 13m 20s behind the source, and 1m 0s is its target. At the pace of the last 15 minutes it is still over it in 1 h.",
    },
  },
  {
    alert: "SnowlineLagOverTarget",
    what: "for a pipeline without scaling, by the chart's threshold",
    series: [ofPipeline("lag_seconds", always(1200))],
    at: "20m",
    fires: {
      labels: orders,
      severity: "warning",
      summary: "shop/orders is behind and does not catch up",
      description:
        "The table is 20m 0s behind the source, and 15m 0s is its target. At the pace of the last 15 minutes it is still over it in 1 h.",
    },
  },
  {
    alert: "SnowlineLagOverTarget",
    what: "on while another replica of the operator takes over",
    series: [...takenOver("lag_seconds", 400), ...takenOver("target_lag_seconds", 60)],
    at: "23m",
    fires: {
      labels: orders,
      severity: "warning",
      summary: "shop/orders is behind and does not catch up",
      description:
        "The table is 6m 40s behind the source, and 1m 0s is its target. At the pace of the last 15 minutes it is still over it in 1 h.",
    },
  },
  {
    alert: "SnowlineLagOverTarget",
    what: "while a greater lag shrinks fast enough",
    series: [ofPipeline("lag_seconds", climbing(3600, -40)), ofPipeline("target_lag_seconds", always(60))],
    at: "40m",
    fires: null,
  },
  {
    alert: "SnowlineLagOverTarget",
    what: "without scaling, below the chart's threshold",
    series: [ofPipeline("lag_seconds", always(890))],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineLagOverTarget",
    what: "in the first ten minutes",
    series: [ofPipeline("lag_seconds", always(1200))],
    at: "9m",
    fires: null,
  },
];

const stalled: readonly AlertCase[] = [
  {
    alert: "SnowlineStalled",
    what: "where records wait and the last load was long ago",
    series: [ofPipeline("lag_records", always(5000)), ofPipeline("last_load_timestamp_seconds", always(60))],
    at: "27m",
    fires: {
      labels: orders,
      severity: "critical",
      summary: "shop/orders has records to load and loads none",
      description: "5k records wait, and none has been loaded for more than 15 min. Nothing is lost while the source keeps them.",
    },
  },
  {
    alert: "SnowlineStalled",
    what: "where nothing was ever loaded",
    series: [ofPipeline("lag_records", always(5000))],
    at: "11m",
    fires: {
      labels: orders,
      severity: "critical",
      summary: "shop/orders has records to load and loads none",
      description: "5k records wait, and none has been loaded for more than 15 min. Nothing is lost while the source keeps them.",
    },
  },
  {
    alert: "SnowlineStalled",
    what: "on while another replica of the operator takes over",
    series: takenOver("lag_records", 5000),
    at: "23m",
    fires: {
      labels: orders,
      severity: "critical",
      summary: "shop/orders has records to load and loads none",
      description: "5k records wait, and none has been loaded for more than 15 min. Nothing is lost while the source keeps them.",
    },
  },
  {
    alert: "SnowlineStalled",
    what: "while loads go on",
    series: [ofPipeline("lag_records", always(5000)), ofPipeline("last_load_timestamp_seconds", climbing(0, 30))],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineStalled",
    what: "where nothing waits",
    series: [ofPipeline("lag_records", always(0)), ofPipeline("last_load_timestamp_seconds", always(60))],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineStalled",
    what: "where its owner suspended it",
    series: [
      ofPipeline("lag_records", always(5000)),
      ofPipeline("last_load_timestamp_seconds", always(60)),
      ofPipeline("suspended", always(1)),
    ],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineUnavailable",
    what: "where a pipeline that loaded before has no pod any more",
    series: [
      condition("Available", always(0)),
      ofPipeline("replicas_wanted", always(2)),
      ofPipeline("suspended", always(0)),
      ofPipeline("last_load_timestamp_seconds", always(60)),
    ],
    at: "16m",
    fires: {
      labels: { ...orders, type: "Available" },
      severity: "critical",
      summary: "shop/orders has no pod that does its work",
      description: "It loaded rows before, and now none of its pods is ready. Last load: 15m 0s ago.",
    },
  },
  {
    alert: "SnowlineUnavailable",
    what: "on while another replica of the operator takes over",
    series: [...takenOver("condition", 0, { type: "Available" }), ...takenOver("last_load_timestamp_seconds", 60)],
    at: "23m",
    fires: {
      labels: { ...orders, type: "Available" },
      severity: "critical",
      summary: "shop/orders has no pod that does its work",
      description: "It loaded rows before, and now none of its pods is ready. Last load: 22m 0s ago.",
    },
  },
  {
    alert: "SnowlineUnavailable",
    what: "where one is ready",
    series: [condition("Available", always(1)), ofPipeline("last_load_timestamp_seconds", always(60))],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineUnavailable",
    what: "where none is wanted",
    series: [
      condition("Available", always(0)),
      ofPipeline("replicas_wanted", always(0)),
      ofPipeline("last_load_timestamp_seconds", always(60)),
    ],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineUnavailable",
    what: "where its owner suspended it",
    series: [
      condition("Available", always(0)),
      ofPipeline("replicas_wanted", always(2)),
      ofPipeline("suspended", always(1)),
      ofPipeline("last_load_timestamp_seconds", always(60)),
    ],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineUnavailable",
    what: "where it is new and never loaded",
    series: [condition("Available", always(0)), ofPipeline("replicas_wanted", always(2))],
    at: "60m",
    fires: null,
  },
];

const pods: readonly AlertCase[] = [
  {
    alert: "SnowlineRestarting",
    what: "at the third restart within half an hour",
    series: [ofPipeline("pod_restarts", `0+0x9 1+0x9 2+0x9 3+0x${long}`)],
    at: "25m",
    fires: {
      labels: orders,
      severity: "warning",
      summary: "shop/orders starts again and again",
      description: "Its pods were started again 3 times within 30 minutes.",
    },
  },
  {
    alert: "SnowlineRestarting",
    what: "at the second",
    series: [ofPipeline("pod_restarts", `0+0x9 1+0x9 2+0x${long}`)],
    at: "25m",
    fires: null,
  },
  {
    alert: "SnowlineRestarting",
    what: "where pods that had restarted went",
    series: [ofPipeline("pod_restarts", `10+0x20 0+0x${long}`)],
    at: "25m",
    fires: null,
  },
  {
    alert: "SnowlineRejecting",
    what: "where three of a hundred records become no row",
    series: [
      series("snowline_records_read_total", runtime, climbing(0, 100)),
      series("snowline_records_rejected_total", { ...runtime, refused_by: "format" }, climbing(0, 1)),
      series("snowline_records_rejected_total", { ...runtime, refused_by: "transform" }, climbing(0, 2)),
    ],
    at: "30m",
    fires: {
      labels: orders,
      severity: "warning",
      summary: "shop/orders rejects records",
      description: "3% of the records of the last 15 minutes became no row; 1 % is the bound. The others are loaded.",
    },
  },
  {
    alert: "SnowlineRejecting",
    what: "at half a percent",
    series: [
      series("snowline_records_read_total", runtime, climbing(0, 200)),
      series("snowline_records_rejected_total", { ...runtime, refused_by: "format" }, climbing(0, 1)),
    ],
    at: "60m",
    fires: null,
  },
];

const conditions: readonly AlertCase[] = [
  ...["SinkReachable", "DeadLettersReachable"].map((type): AlertCase => ({
    alert: "SnowlineSinkFailing",
    what: `while ${type} is False`,
    series: [condition(type, always(0))],
    at: "11m",
    fires: {
      labels: { ...orders, type },
      severity: "warning",
      summary: "shop/orders cannot load",
      description: `${type} has been False for 10 minutes. It goes on by itself as soon as the other side answers; positions are in the warehouse.`,
    },
  })),
  {
    alert: "SnowlineSinkFailing",
    what: "where it was False for five minutes only",
    series: [condition("SinkReachable", `0+0x10 1+0x${long}`)],
    at: "11m",
    fires: null,
  },
  {
    alert: "SnowlineSinkFailing",
    what: "where the source is the trouble",
    series: [condition("SinkReachable", always(1)), condition("SourceReachable", always(0))],
    at: "30m",
    fires: null,
  },
  ...["SourceReachable", "SourceAsExpected"].map((type): AlertCase => ({
    alert: "SnowlineSourceFailing",
    what: `while ${type} is False`,
    series: [condition(type, always(0))],
    at: "11m",
    fires: {
      labels: { ...orders, type },
      severity: "warning",
      summary: "shop/orders cannot read as it should",
      description: `${type} has been False for 10 minutes. SourceAsExpected: it reads on, and what the message says may have cost records.`,
    },
  })),
  {
    alert: "SnowlineSourceFailing",
    what: "where the sink is the trouble",
    series: [condition("SourceReachable", always(1)), condition("SinkReachable", always(0))],
    at: "30m",
    fires: null,
  },
  {
    alert: "SnowlineRolloutTakenBack",
    what: "while the last good spec runs again",
    series: [ofPipeline("failed_rollout", always(1))],
    at: "2m",
    fires: {
      labels: orders,
      severity: "warning",
      summary: "shop/orders runs its last good spec, not the new one",
      description: "The new pods did not prove themselves, and the last proven revision runs again. Rows arrive.",
    },
  },
  {
    alert: "SnowlineRolloutTakenBack",
    what: "where the new one proved itself",
    series: [ofPipeline("failed_rollout", `1+0x10 0+0x${long}`)],
    at: "20m",
    fires: null,
  },
  {
    alert: "SnowlineQualityNotAsExpected",
    what: "while a bound of the data's quality is passed",
    series: [condition("QualityAsExpected", always(0))],
    at: "2m",
    fires: {
      labels: { ...orders, type: "QualityAsExpected" },
      severity: "warning",
      summary: "shop/orders carries data that is not as its owner expects",
      description: "A bound of spec.quality is passed. The condition QualityAsExpected has the numbers.",
    },
  },
  {
    alert: "SnowlineQualityNotAsExpected",
    what: "while the data is as expected",
    series: [condition("QualityAsExpected", always(1)), condition("Ready", always(0))],
    at: "20m",
    fires: null,
  },
];

const scaling: readonly AlertCase[] = [
  ...["Maximum", "PartitionSkew", "SinkLimited", "Ineffective"].map((limiter): AlertCase => ({
    alert: "SnowlineScalingLimited",
    what: `where ${limiter} holds the autoscaler for long`,
    series: [
      ofPipeline("scaling_limiter", always(1), { limiter }),
      ofPipeline("lag_seconds", always(400)),
      ofPipeline("target_lag_seconds", always(60)),
    ],
    at: "31m",
    fires: {
      labels: { ...orders, limiter },
      severity: "warning",
      summary: "shop/orders is behind, and more pods are not the way out",
      description: `The autoscaler is held by ${limiter} for 30 minutes while the table is 6m 40s behind.`,
    },
  })),
  {
    alert: "SnowlineScalingLimited",
    what: "where the sink limits it and the lag is within its target",
    series: [
      ofPipeline("scaling_limiter", always(1), { limiter: "SinkLimited" }),
      ofPipeline("lag_seconds", always(40)),
      ofPipeline("target_lag_seconds", always(60)),
    ],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineScalingLimited",
    what: "where it is behind and the number of pods follows from the demand",
    series: [
      ofPipeline("scaling_limiter", always(1), { limiter: "Demand" }),
      ofPipeline("lag_seconds", always(400)),
      ofPipeline("target_lag_seconds", always(60)),
    ],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineProbeFailing",
    what: "where the source of a sleeping pipeline does not answer",
    series: [series("snowline_probe_failures_total", leader, climbing(0, 1))],
    at: "30m",
    fires: {
      labels: orders,
      severity: "warning",
      summary: "shop/orders sleeps, and its source does not tell whether there is something to read",
      description: "30 questions to the source failed within 15 minutes. A pod is run to be safe.",
    },
  },
  {
    alert: "SnowlineProbeFailing",
    what: "where it failed a few times and answers again",
    series: [series("snowline_probe_failures_total", leader, `0+1x4 4+0x${long}`)],
    at: "20m",
    fires: null,
  },
];

const replica = (pod: string) => ({ ...operator, pod });
const controlLoop: readonly AlertCase[] = [
  {
    alert: "SnowlineOperatorDown",
    what: "while no replica answers",
    series: [series("up", replica("snowline-a"), always(0)), series("up", replica("snowline-b"), always(0))],
    at: "11m",
    fires: {
      labels: operator,
      severity: "critical",
      summary: "No Snowline operator answers",
      description:
        "For 10 minutes no replica of snowline-metrics in snowline-system has answered. Pods load on, but nothing scales, nothing that sleeps is woken, and no change is carried out.",
    },
  },
  {
    alert: "SnowlineOperatorDown",
    what: "where the only one that answers is another install's",
    series: [series("up", { ...replica("snowline-a"), namespace: "team-a-system" }, always(1))],
    at: "11m",
    fires: {
      labels: operator,
      severity: "critical",
      summary: "No Snowline operator answers",
      description:
        "For 10 minutes no replica of snowline-metrics in snowline-system has answered. Pods load on, but nothing scales, nothing that sleeps is woken, and no change is carried out.",
    },
  },
  {
    alert: "SnowlineOperatorDown",
    what: "while one of two answers",
    series: [series("up", replica("snowline-a"), always(0)), series("up", replica("snowline-b"), always(1))],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineNoLeader",
    what: "while both stand by",
    series: ["snowline-a", "snowline-b"].map((pod) =>
      series("leader_election_master_status", { ...replica(pod), name: "snowline" }, always(0)),
    ),
    at: "6m",
    fires: {
      labels: operator,
      severity: "critical",
      summary: "The Snowline operator runs, and none of its replicas leads",
      description:
        "For 5 minutes no replica of snowline-metrics has held the lease. Pods load on, but nothing scales, nothing that sleeps is woken.",
    },
  },
  {
    alert: "SnowlineNoLeader",
    what: "while one leads, and where there is no election",
    series: [
      series("leader_election_master_status", { ...replica("snowline-a"), name: "snowline" }, always(0)),
      series("leader_election_master_status", { ...replica("snowline-b"), name: "snowline" }, always(1)),
    ],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineCertificateExpiring",
    what: "where ten days are left",
    series: ["snowline-a", "snowline-b"].map((pod) =>
      series("snowline_webhook_certificate_expiry_seconds", replica(pod), always(864_000)),
    ),
    at: "61m",
    fires: {
      labels: operator,
      severity: "warning",
      summary: "The certificate of Snowline's webhook expires soon",
      description:
        "It is good for 10d 0h 0m 0s more. After that wrong Pipelines are admitted, or with failurePolicy Fail no change at all.",
    },
  },
  {
    alert: "SnowlineCertificateExpiring",
    what: "where fifteen are left",
    series: [series("snowline_webhook_certificate_expiry_seconds", replica("snowline-a"), always(1_296_000))],
    at: "90m",
    fires: null,
  },
];

const total = (result: string, values: string): Series =>
  series("controller_runtime_reconcile_total", { ...replica("snowline-a"), controller: "pipeline", result }, values);
const errors = (values: string): Series =>
  series("controller_runtime_reconcile_errors_total", { ...replica("snowline-a"), controller: "pipeline" }, values);
const depth = (pod: string, values: string): Series =>
  series("workqueue_depth", { ...replica(pod), name: "pipeline", controller: "pipeline", priority: "0" }, values);
const leads = (pod: string, value: number): Series =>
  series("leader_election_master_status", { ...replica(pod), name: "snowline" }, always(value));
const inOperator = { namespace: operator.namespace, pod: "snowline-a" };

const notReconciling: readonly AlertCase[] = [
  {
    alert: "SnowlineOperatorNotReconciling",
    sign: "errors",
    what: "where three of four reconciles fail",
    series: [total("error", climbing(0, 3)), total("success", climbing(0, 1)), errors(climbing(0, 3))],
    at: "20m",
    fires: {
      labels: operator,
      severity: "warning",
      summary: "Most reconciles of the Snowline operator fail",
      description: "75% of the reconciles of the last 10 minutes failed. They are tried again.",
    },
  },
  {
    alert: "SnowlineOperatorNotReconciling",
    sign: "errors",
    what: "where one of four fails",
    series: [total("error", climbing(0, 1)), total("success", climbing(0, 3)), errors(climbing(0, 1))],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineOperatorNotReconciling",
    sign: "queue",
    what: "where the leader has work and does none",
    series: [depth("snowline-a", always(7)), total("success", always(100)), leads("snowline-a", 1)],
    at: "11m",
    fires: {
      labels: inOperator,
      severity: "critical",
      summary: "The Snowline operator has work and does none",
      description: "7 objects wait at snowline-a, and none has been looked at for 10 minutes.",
    },
  },
  {
    alert: "SnowlineOperatorNotReconciling",
    sign: "queue",
    what: "where nothing waits and nothing is done",
    series: [depth("snowline-a", always(0)), total("success", always(100)), leads("snowline-a", 1)],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineOperatorNotReconciling",
    sign: "queue",
    what: "where it is a standby whose queue waits",
    series: [depth("snowline-a", always(7)), total("success", always(100)), leads("snowline-a", 0), leads("snowline-b", 1)],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineOperatorNotReconciling",
    sign: "queue",
    what: "where much waits and work goes on",
    series: [depth("snowline-a", always(700)), total("success", climbing(0, 5)), leads("snowline-a", 1)],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineOperatorNotReconciling",
    sign: "stuck",
    what: "where one reconcile does not end",
    series: [
      series("workqueue_longest_running_processor_seconds", { ...replica("snowline-a"), name: "pipeline" }, climbing(0, 30)),
    ],
    at: "11m",
    fires: {
      labels: { ...inOperator, name: "pipeline" },
      severity: "warning",
      summary: "A reconcile of the Snowline operator hangs",
      description: "One of pipeline at snowline-a has taken 11m 0s; the others go on.",
    },
  },
  {
    alert: "SnowlineOperatorNotReconciling",
    sign: "stuck",
    what: "where the longest takes a minute",
    series: [series("workqueue_longest_running_processor_seconds", { ...replica("snowline-a"), name: "pipeline" }, always(60))],
    at: "60m",
    fires: null,
  },
  {
    alert: "SnowlineOperatorNotReconciling",
    sign: "cache",
    what: "where a watch hears nothing",
    series: [series("operator_cache_age_seconds", { ...replica("snowline-a"), resource: "pipelines" }, climbing(0, 30))],
    at: "16m",
    fires: {
      labels: { ...inOperator, resource: "pipelines" },
      severity: "warning",
      summary: "The Snowline operator hears nothing from the API server",
      description: "snowline-a last heard of pipelines 16m 0s ago, and acts on what was there then.",
    },
  },
  {
    alert: "SnowlineOperatorNotReconciling",
    sign: "cache",
    what: "where the last bookmark is two minutes old",
    series: [series("operator_cache_age_seconds", { ...replica("snowline-a"), resource: "pipelines" }, always(120))],
    at: "60m",
    fires: null,
  },
];

/** For every rule that alerts: series with which it fires, and some next door with which it does not. */
export const alertCases: readonly AlertCase[] = [
  ...lag,
  ...stalled,
  ...pods,
  ...conditions,
  ...scaling,
  ...controlLoop,
  ...notReconciling,
];
