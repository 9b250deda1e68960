/** Probes ask the port by its name. */
const port = "metrics";
const probe = (path: string) => ({ path: `/healthz/${path}`, port, scheme: "HTTP" }) as const;

/** How long a pod may take to prepare its sink and open its first splits, in seconds, before it is started again. */
const startSecondsMax = 1800;
const startPeriodSeconds = 2;

/**
 * What the kubelet asks. A warehouse or broker that cannot be reached makes a pod unready, never dead: starting it again helps
 * nothing. So starting may take half an hour, and only a pod whose loop has hung for `stallSecondsMax` of runtime/http/health.ts is
 * killed, or one that does not answer for a minute.
 */
export const podProbes = {
  startupProbe: {
    httpGet: probe("started"),
    periodSeconds: startPeriodSeconds,
    timeoutSeconds: 3,
    successThreshold: 1,
    failureThreshold: startSecondsMax / startPeriodSeconds,
  },
  readinessProbe: { httpGet: probe("ready"), periodSeconds: 5, timeoutSeconds: 3, successThreshold: 1, failureThreshold: 2 },
  livenessProbe: { httpGet: probe("live"), periodSeconds: 10, timeoutSeconds: 5, successThreshold: 1, failureThreshold: 6 },
} as const;
