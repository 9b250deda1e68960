import { Counter, Histogram, type Registry } from "prom-client";
import type { OnRequest } from "./request.ts";

/** Registers client-go's metrics of requests, for `onRequest` of openHttpApi. A registry takes them once: several Apis share the result. */
export function registerRequestMetrics(registry: Registry): OnRequest {
  const registers = [registry];
  const requests = new Counter({
    name: "rest_client_requests_total",
    help: "Number of HTTP requests, partitioned by status code, method, and host.",
    labelNames: ["code", "method", "host"],
    registers,
  });
  const durations = new Histogram({
    name: "rest_client_request_duration_seconds",
    help: "Request latency in seconds. Broken down by verb, and host.",
    labelNames: ["verb", "host"],
    buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60],
    registers,
  });
  return ({ method, host, code, durationMs }) => {
    requests.inc({ code, method, host });
    durations.observe({ verb: method, host }, durationMs / 1000);
  };
}
