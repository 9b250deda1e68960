import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { alertRules } from "./alert-rules.ts";
import { startAlertmanager } from "./started-alertmanager.ts";
import { startPrometheus } from "./started-prometheus.ts";
import { startWebhookReceiver } from "./webhook-receiver.ts";

/** Stands for an operator's /metrics: what it says is in `text`. */
async function startTarget(text: () => string): Promise<{ readonly server: Server; readonly address: string }> {
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "text/plain; version=0.0.4");
    response.end(text());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test("an alert gets from Prometheus through Alertmanager to a webhook, with its runbook, and so does its end", async () => {
  await using receiver = await startWebhookReceiver();
  await using alertmanager = await startAlertmanager(receiver.url);
  let failed = 1;
  const { address } = await startTarget(() => `snowline_pipeline_failed_rollout{namespace="shop",pipeline="orders"} ${failed}\n`);
  const runbookBaseUrl = "https://git.example.com/snowline/docs/runbooks/";
  const rules = await alertRules({
    runbookBaseUrl,
    alertLabels: { team: "data" },
    overrides: { SnowlineRolloutTakenBack: { for: "1s" } },
  });
  await using _prometheus = await startPrometheus({
    scrapes: [
      {
        job_name: "snowline-metrics",
        honor_labels: true,
        static_configs: [{ targets: [address], labels: { namespace: "snowline-system" } }],
      },
    ],
    // What bridges minutes elsewhere need not here.
    rules: JSON.parse(JSON.stringify(rules).replaceAll("[3m]", "[3s]")) as typeof rules,
    alertmanager: alertmanager.address,
  });
  const isIt = ({ labels }: { readonly labels: Readonly<Record<string, string>> }) =>
    labels["alertname"] === "SnowlineRolloutTakenBack";
  expect(await receiver.received((alert) => isIt(alert) && alert.status === "firing")).toMatchObject({
    labels: { namespace: "shop", pipeline: "orders", severity: "warning", team: "data" },
    annotations: {
      summary: "shop/orders runs its last good spec, not the new one",
      runbook_url: "https://git.example.com/snowline/docs/runbooks/SnowlineRolloutTakenBack.md",
    },
  });
  failed = 0;
  expect(await receiver.received((alert) => isIt(alert) && alert.status === "resolved")).toMatchObject({
    labels: { pipeline: "orders" },
  });
}, 60_000);
