import type { AlertCase } from "./alert-case.ts";
import { always, operator, replica, series } from "./series.ts";

/** The operator, as it is seen from outside. */
export const controlLoop: readonly AlertCase[] = [
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
