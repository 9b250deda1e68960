import type { Board, Section } from "./board.ts";
import { overTime, stat, states } from "./panels.ts";

const selector = 'job="$job",namespace="$namespace"';
/** A metric of the operator's own pods. */
const of = (metric: string, ...more: readonly string[]): string => `${metric}{${[selector, ...more].join(",")}}`;
const perSecond = (metric: string, ...more: readonly string[]): string => `rate(${of(metric, ...more)}[$__rate_interval])`;
/** The duration that this part of the cases stays below. */
const quantile = (part: number, metric: string, by: string): string =>
  `histogram_quantile(${part}, sum by (${by}, le) (rate(${of(`${metric}_bucket`)}[5m])))`;

const atAGlance: Section = {
  title: "At a glance",
  panels: [
    stat("Replicas that answer", "Their metrics are read.", { expr: `sum(up{${selector}})` }),
    stat("Leaders", "1 is right. 0: nothing is reconciled, pods load on.", {
      expr: `sum(${of("leader_election_master_status")})`,
    }),
    stat("Objects that wait", "To be looked at. What stays high: the operator falls behind.", {
      expr: `sum(${of("workqueue_depth")})`,
      warnFrom: [100, 1000],
    }),
    stat("Part that fails", "Of all reconciles of the last 5 minutes.", {
      expr: `sum(rate(${of("controller_runtime_reconcile_errors_total")}[5m])) / (sum(rate(${of("controller_runtime_reconcile_total")}[5m])) > 0)`,
      unit: "percentunit",
      warnFrom: [0.1, 0.5],
    }),
    stat("Last that had nothing to do", "What is wanted is there. Only the leader reconciles.", {
      expr: `max(${of("operator_controller_reconcile_last_success_timestamp_seconds")}) * 1000`,
      unit: "dateTimeFromNow",
    }),
    stat("Cache behind, at most", "Since the API server was last heard of, of the worst type.", {
      expr: `max(${of("operator_cache_age_seconds")})`,
      unit: "s",
      warnFrom: [120, 300],
    }),
    stat("Webhook's certificate", "How long it is still good for. The operator's own is renewed 30 days before its end.", {
      expr: `min(${of("snowline_webhook_certificate_expiry_seconds")})`,
      unit: "s",
    }),
    stat("Event loop", "How late its timers are. Near a second leases and health checks suffer.", {
      expr: `max(${of("operator_event_loop_lag_seconds")})`,
      unit: "s",
      warnFrom: [0.5, 2],
    }),
  ],
};

const reconciles: Section = {
  title: "Reconciles",
  panels: [
    overTime("Reconciles per second", "By controller and result.", {
      unit: "ops",
      queries: [
        {
          expr: `sum by (controller, result) (${perSecond("controller_runtime_reconcile_total")})`,
          legend: "{{controller}} {{result}}",
        },
      ],
    }),
    overTime("How long one takes", "99 of 100 are faster.", {
      unit: "s",
      queries: [{ expr: quantile(0.99, "controller_runtime_reconcile_time_seconds", "controller"), legend: "{{controller}}" }],
    }),
    overTime(
      "Errors per second",
      "Errors are tried again. Terminal: not again. Panics: faults of the program. Timeouts: the deadline passed.",
      {
        unit: "ops",
        queries: [
          { expr: `sum(${perSecond("controller_runtime_reconcile_errors_total")})`, legend: "errors" },
          { expr: `sum(${perSecond("controller_runtime_terminal_reconcile_errors_total")})`, legend: "terminal" },
          { expr: `sum(${perSecond("controller_runtime_reconcile_panics_total")})`, legend: "panics" },
          { expr: `sum(${perSecond("controller_runtime_reconcile_timeouts_total")})`, legend: "timeouts" },
        ],
      },
    ),
    overTime("Workers", "All of them in use for long: raise workers, or see what takes so long.", {
      queries: [
        { expr: `sum by (controller) (${of("controller_runtime_active_workers")})`, legend: "{{controller}}, in use" },
        { expr: `max by (controller) (${of("controller_runtime_max_concurrent_reconciles")})`, legend: "{{controller}}, there" },
      ],
    }),
    overTime("Had nothing to do, per second", "Where reconciles are many and these few, a controller spins.", {
      unit: "ops",
      queries: [
        {
          expr: `sum by (controller) (${perSecond("operator_controller_reconcile_steady_state_total")})`,
          legend: "{{controller}}",
        },
      ],
    }),
    overTime(
      "Probes that failed per hour",
      "Of sources whose pipelines sleep: whether there is something to read is not known then.",
      {
        queries: [
          {
            expr: "topk(15, sum by (namespace, pipeline) (increase(snowline_probe_failures_total[1h])))",
            legend: "{{namespace}}/{{pipeline}}",
          },
        ],
      },
    ),
  ],
};

const queues: Section = {
  title: "Queues",
  panels: [
    overTime("Waiting", "By queue and priority: 0 is what changed, -100 what is looked at again.", {
      queries: [{ expr: `sum by (name, priority) (${of("workqueue_depth")})`, legend: "{{name}} {{priority}}" }],
    }),
    overTime("How long one waits", "99 of 100 wait less.", {
      unit: "s",
      queries: [{ expr: quantile(0.99, "workqueue_queue_duration_seconds", "name"), legend: "{{name}}" }],
    }),
    overTime("Added and tried again, per second", "Many more again than added: something fails that cannot come right.", {
      unit: "ops",
      queries: [
        { expr: `sum by (name) (${perSecond("workqueue_adds_total")})`, legend: "{{name}}, added" },
        { expr: `sum by (name) (${perSecond("workqueue_retries_total")})`, legend: "{{name}}, again" },
      ],
    }),
    overTime("Longest in progress", "What only climbs hangs; its deadline should end it.", {
      unit: "s",
      queries: [
        { expr: `max by (name) (${of("workqueue_longest_running_processor_seconds")})`, legend: "{{name}}, longest" },
        { expr: `max by (name) (${of("workqueue_unfinished_work_seconds")})`, legend: "{{name}}, all" },
      ],
    }),
  ],
};

const apiServer: Section = {
  title: "API server",
  panels: [
    overTime(
      "Requests per second",
      "By HTTP status: 409 is a conflict and normal, 429 too many requests, 5xx the server's trouble.",
      {
        unit: "reqps",
        queries: [{ expr: `sum by (code, method) (${perSecond("rest_client_requests_total")})`, legend: "{{method}} {{code}}" }],
      },
    ),
    overTime("How long a request takes", "99 of 100 are faster.", {
      unit: "s",
      queries: [{ expr: quantile(0.99, "rest_client_request_duration_seconds", "verb"), legend: "{{verb}}" }],
    }),
    overTime("Age of the caches", "Since the API server was last heard of, bookmarks included: about a minute is normal.", {
      unit: "s",
      queries: [{ expr: `max by (resource) (${of("operator_cache_age_seconds")})`, legend: "{{resource}}" }],
    }),
    overTime("Objects in the caches", "By type.", {
      queries: [{ expr: `max by (resource) (${of("operator_cache_objects")})`, legend: "{{resource}}" }],
    }),
    overTime("Watches begun again per hour, and lists", "A list reads everything of a type: after the start it should be rare.", {
      queries: [
        { expr: `sum by (resource) (increase(${of("operator_watch_restarts_total")}[1h]))`, legend: "{{resource}}, watch" },
        { expr: `sum by (resource) (increase(${of("operator_lists_total")}[1h]))`, legend: "{{resource}}, list" },
      ],
    }),
    overTime("Events per hour", "Dropped: there were too many of one kind.", {
      queries: [{ expr: `sum by (outcome) (increase(${of("operator_events_total")}[1h]))`, legend: "{{outcome}}" }],
    }),
  ],
};

const process: Section = {
  title: "Leader, webhook, process",
  panels: [
    states("Leader", "A change of the leader costs some seconds, in which pods load on.", {
      queries: [{ expr: `max by (pod) (${of("leader_election_master_status")})`, legend: "{{pod}}" }],
      names: { "0": ["stands by", "text"], "1": ["leads", "green"] },
    }),
    overTime("Admission requests per second", "By HTTP status.", {
      unit: "reqps",
      queries: [{ expr: `sum by (code) (${perSecond("controller_runtime_webhook_requests_total")})`, legend: "{{code}}" }],
    }),
    overTime("How long an admission takes", "99 of 100 are faster. SQL is compiled meanwhile.", {
      unit: "s",
      queries: [{ expr: quantile(0.99, "controller_runtime_webhook_latency_seconds", "webhook"), legend: "{{webhook}}" }],
    }),
    overTime("CPU", "Cores in use, by pod.", {
      queries: [{ expr: `sum by (pod) (${perSecond("process_cpu_seconds_total")})`, legend: "{{pod}}" }],
    }),
    overTime("Memory", "Of the process, by pod.", {
      unit: "bytes",
      queries: [{ expr: `max by (pod) (${of("process_resident_memory_bytes")})`, legend: "{{pod}}" }],
    }),
    overTime("Event loop, lateness", "How late timers were at most, by pod.", {
      unit: "s",
      queries: [{ expr: `max by (pod) (${of("operator_event_loop_lag_seconds")})`, legend: "{{pod}}" }],
    }),
  ],
};

/** The operator itself: its reconciles, queues, requests, caches, leader and certificate. */
export const controlLoop: Board = {
  uid: "snowline-control-loop",
  title: "Snowline / Control loop",
  description: "The operator: whether it leads, keeps up, and reaches the API server.",
  from: "now-3h",
  variables: [
    {
      name: "job",
      label: "Operator",
      query: 'label_values(operator_controller_reconcile_steady_state_total{controller="pipeline"}, job)',
      several: false,
    },
    {
      name: "namespace",
      label: "Its namespace",
      query: 'label_values(operator_controller_reconcile_steady_state_total{controller="pipeline",job="$job"}, namespace)',
      several: false,
    },
  ],
  sections: [atAGlance, reconciles, queues, apiServer, process],
};
