import { pino } from "pino";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { openCompiler } from "../../../operator/compile/compiler.ts";
import { systemClock } from "../../../operator/control/clock.ts";
import { isApiError } from "../../../operator/kube/api-error.ts";
import type { ResourceType } from "../../../operator/kube/resource-type.ts";
import { startWebhook } from "../../../operator/webhook/start-webhook.ts";
import { sharedApiServer } from "../../cluster/shared-api-server.ts";
import { uniqueName } from "../../kafka/unique-name.ts";
import { openApi } from "../open-api.ts";
import { neighbours, storedPipeline } from "./in-namespace.ts";
import { webhookConfiguration } from "./webhook-place.ts";

const dayMs = 86_400_000;
/** Waits of the certificates' keeper are cut to this, in milliseconds; those of the server are shorter than what is cut. */
const quickMs = 50;
const cutFromMs = 10_000;
const pipelines: ResourceType = {
  group: "snowline.dev",
  version: "v1alpha1",
  kind: "Pipeline",
  plural: "pipelines",
  namespaced: true,
};

test("authority and serving certificate are exchanged while requests go on, and none of them is missed", async () => {
  const access = await sharedApiServer();
  await using api = await openApi(access.kubeconfig);
  await using compiler = openCompiler({ now: systemClock.now });
  const namespace = uniqueName("rotation");
  const configuration = `${namespace}.test`;
  await access.kubectl(["create", "namespace", namespace]);

  // An authority that is due today, whose last serving certificate the API server still takes.
  let nowMs = Date.now() - 1217 * dayMs;
  const clock = {
    ...systemClock,
    now: () => nowMs,
    after: (delayMs: number, call: () => void) => systemClock.after(delayMs >= cutFromMs ? quickMs : delayMs, call),
  };
  const registry = new Registry();
  const { connections, pipelines: others } = neighbours({});
  await using webhook = await startWebhook({
    api,
    clock,
    logger: pino({ level: "silent" }),
    registry,
    compiler,
    pipelines: others,
    connections,
    fieldManager: "test",
    certificates: { kind: "secret", namespace, secret: "webhook", configuration, names: ["127.0.0.1"] },
    host: "127.0.0.1",
    port: 0,
  });
  await access.kubectl(["apply", "-f", "-"], {
    input: await webhookConfiguration(configuration, { port: webhook.port }, namespace),
  });
  const stop = new AbortController();
  const leading = webhook.lead(stop.signal);

  const expirySeconds = async () =>
    Number(/^snowline_webhook_certificate_expiry_seconds (.*)$/m.exec(await registry.metrics())?.[1]);
  const authorities = async () => {
    const secret = await access.kubectl(["-n", namespace, "get", "secret", "webhook", "-o", "jsonpath={.data.ca\\.crt}"]);
    return Buffer.from(secret, "base64").toString().match(/BEGIN/g)?.length;
  };
  const wrong = storedPipeline("wrong", {}, "SELECT idd FROM source");
  const object = { ...wrong, metadata: { name: "wrong", namespace } };
  const refused = async (): Promise<boolean> => {
    try {
      await api.create(pipelines, object, { fieldManager: "test", dryRun: true });
      return false;
    } catch (error) {
      if (isApiError(error, "Invalid")) return true;
      throw error;
    }
  };

  await expect.poll(() => webhook.ready, { timeout: 20_000 }).toBe(true);
  nowMs = Date.now() - 2 * dayMs;
  await expect.poll(expirySeconds, { timeout: 20_000 }).toBeGreaterThan(89 * 86_400);
  await expect.poll(refused, { timeout: 20_000 }).toBe(true);

  const outcomes: boolean[] = [];
  const traffic: Promise<void>[] = [];
  const ending = new AbortController();
  const send = async () => {
    while (!ending.signal.aborted) outcomes.push(await refused());
  };
  const moreTraffic = () => traffic.push(send(), send(), send());
  const passed = async (count: number) => {
    const target = outcomes.length + count;
    await expect.poll(() => outcomes.length, { timeout: 20_000 }).toBeGreaterThan(target);
  };
  moreTraffic();
  await passed(20);
  nowMs = Date.now();
  await expect.poll(authorities, { timeout: 20_000 }).toBe(2);
  expect(await expirySeconds()).toBeLessThan(89 * 86_400);
  await passed(20);
  nowMs += 600_001;
  await expect.poll(expirySeconds, { timeout: 20_000 }).toBeGreaterThan(89 * 86_400);
  // More at once than there are connections: new ones are made, on which the new certificate is shown.
  moreTraffic();
  await passed(40);
  ending.abort();
  await Promise.all(traffic);
  expect(outcomes.filter((was) => !was)).toEqual([]);

  stop.abort();
  await leading;
  await access.kubectl(["delete", "validatingwebhookconfiguration", configuration]);
  await access.kubectl(["delete", "namespace", namespace, "--wait=false"]);
});
