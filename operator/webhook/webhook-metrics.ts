import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Clock } from "../control/clock.ts";
import type { ServingCertificates } from "./certificates/serving-certificate.ts";

/** What is counted of the webhook. Names of requests are controller-runtime's, so that existing dashboards work. */
export interface WebhookMetrics {
  /** A request has begun; call the answer with the HTTP status when it has ended. */
  begin(): (code: number) => void;
}

/** In seconds: most answers take milliseconds, SQL tens of them, and 10 s is the end. */
const latencyBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Registers them, and `snowline_webhook_certificate_expiry_seconds`: how long the certificate that is served is still good for. */
export function webhookMetrics(registry: Registry, clock: Clock, certificates: ServingCertificates): WebhookMetrics {
  const labels = { webhook: "/validate" };
  const registers = [registry];
  const requests = new Counter({
    name: "controller_runtime_webhook_requests_total",
    help: "Admission requests by HTTP status.",
    labelNames: ["webhook", "code"],
    registers,
  });
  const latency = new Histogram({
    name: "controller_runtime_webhook_latency_seconds",
    help: "How long admission requests took.",
    labelNames: ["webhook"],
    buckets: latencyBuckets,
    registers,
  });
  const inFlight = new Gauge({
    name: "controller_runtime_webhook_requests_in_flight",
    help: "Admission requests that are being answered.",
    labelNames: ["webhook"],
    registers,
  });
  new Gauge({
    name: "snowline_webhook_certificate_expiry_seconds",
    help: "Seconds until the certificate that the webhook serves expires; below 0 it has.",
    registers,
    collect() {
      const { current } = certificates;
      if (current === null) this.remove();
      else this.set((current.untilMs - clock.now()) / 1000);
    },
  });
  return {
    begin: () => {
      const began = clock.monotonic();
      inFlight.inc(labels);
      return (code) => {
        inFlight.dec(labels);
        requests.inc({ ...labels, code: String(code) });
        latency.observe(labels, (clock.monotonic() - began) / 1000);
      };
    },
  };
}
