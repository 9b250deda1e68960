import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { boards } from "../../development/dashboards/dashboard-files.ts";
import { openNumberedTopic } from "../e2e/cluster/numbered-topic.ts";
import { sharedBroker } from "../kafka/shared-broker.ts";
import { uniqueName } from "../kafka/unique-name.ts";
import { alertRules } from "./alert-rules.ts";
import { type MonitoredPlace, openMonitoredPlace, operatorNamespace } from "./monitored-place.ts";
import { type KubernetesDiscovery, type PodDiscovery, startPodDiscovery } from "./pod-discovery.ts";
import { type StartedPrometheus, startPrometheus } from "./started-prometheus.ts";

/** How long until every metric has its first values: the status of a pipeline is written now and then only. */
const patienceMs = 150_000;
const recordsPerSecond = 200;
/** Every so many-th record is none of the pipeline's. */
const spoiltEvery = 50;

let place: MonitoredPlace;
let prometheus: StartedPrometheus;
const opened = new AsyncDisposableStack();

interface ScrapeConfig {
  readonly kubernetes_sd_configs: readonly KubernetesDiscovery[];
}

/** The jobs of docs/monitoring.md, but that the pods are found for Prometheus: Debian's is built without Kubernetes. */
async function documentedScrapes(discovery: PodDiscovery): Promise<readonly object[]> {
  const page = await readFile(join(import.meta.dirname, "../../docs/monitoring.md"), "utf8");
  const [, text] = /```yaml\n# prometheus\.yml\n([^`]*)```/.exec(page) ?? [];
  if (text === undefined) throw new Error("docs/monitoring.md: has no prometheus.yml any more");
  const { scrape_configs } = parse(text) as { readonly scrape_configs: readonly ScrapeConfig[] };
  return scrape_configs.map(({ kubernetes_sd_configs, ...job }) => ({
    ...job,
    http_sd_configs: kubernetes_sd_configs.map((each) => discovery.httpSd(each)),
  }));
}

const connection = (bootstrap: string): object => ({
  apiVersion: "snowline.dev/v1alpha1",
  kind: "Connection",
  metadata: { name: "events" },
  spec: { kafka: { brokers: bootstrap.split(",") } },
});

const pipeline = (topic: string, directory: string): object => ({
  apiVersion: "snowline.dev/v1alpha1",
  kind: "Pipeline",
  metadata: { name: "orders" },
  spec: {
    source: {
      kafka: {
        connection: "events",
        topics: [topic],
        startFrom: "earliest",
        format: { json: { columns: { id: "VARCHAR", n: "BIGINT" } } },
      },
    },
    transform: { sql: "SELECT id, n FROM source" },
    sink: { files: { directory: join(directory, "rows"), load: { everySeconds: 1 } } },
    deadLetter: { files: { directory: join(directory, "letters") } },
    scaling: { min: 1, max: 2, targetLagSeconds: 60 },
    quality: { rejected: { warnAbove: 0.5, overSeconds: 60 } },
  },
});

/** Asks the webhook itself: in this cluster nobody leads the API server to a Service. */
async function review(object: object): Promise<boolean> {
  const kind = { group: "snowline.dev", version: "v1alpha1", kind: "Pipeline" };
  const asked = { uid: "1", operation: "CREATE", kind, namespace: place.namespace, object };
  const body = JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request: asked });
  // What it shows is signed for its Service's name.
  const options = {
    host: place.operatorAddress,
    port: place.webhookPort,
    path: "/validate",
    method: "POST",
    rejectUnauthorized: false,
  };
  return new Promise((resolve) => {
    const sent = request({ ...options, headers: { "content-type": "application/json" } }, (response) =>
      response.resume().on("end", () => resolve(response.statusCode === 200)),
    );
    sent.on("error", () => resolve(false)).end(body);
  });
}

/** What Grafana puts for its variables. Steps of subqueries are finer here: a minute has to be enough. */
const filled = (expr: string): string =>
  Object.entries({
    $namespace: expr.includes('job="$job"') ? operatorNamespace : place.namespace,
    $pipeline: "orders",
    $job: "snowline-metrics",
    "[$__range:1m]": "[1m:2s]",
    $__range: "1m",
    $__rate_interval: "15s",
  }).reduce((text, [name, value]) => text.replaceAll(name, value), expr);

/** What shows only in trouble that this test does not make, and why. */
const onlyInTrouble: Readonly<Record<string, string>> = {
  "snowline-pipeline: Repeated calls per hour": "no connection is lost here",
};

interface Asked {
  readonly title: string;
  readonly expr: string;
}

const asked: readonly Asked[] = Object.values(boards).flatMap(({ uid, sections }) =>
  sections
    .flatMap(({ panels }) => panels)
    .flatMap(({ title, queries }) => queries.map(({ expr }) => ({ title: `${uid}: ${title}`, expr }))),
);

/** `title: query` of those that have no number. Throws where Prometheus does not understand one. */
async function empty(): Promise<readonly string[]> {
  const answers = await Promise.all(
    asked.map(async ({ title, expr }) => {
      const samples = await prometheus.query(filled(expr));
      return samples.some(({ value }) => Number.isFinite(value)) || title in onlyInTrouble ? [] : [`${title}: ${filled(expr)}`];
    }),
  );
  return answers.flat();
}

// Pods have addresses of their own here, 127.x.y.z, which only Linux has without being told.
describe.skipIf(process.platform !== "linux")("a real operator and a real pipeline, as Prometheus sees them", () => {
  beforeAll(async () => {
    const { bootstrap } = await sharedBroker();
    place = opened.use(await openMonitoredPlace());
    const topic = opened.use(
      await openNumberedTopic(bootstrap, {
        name: uniqueName("monitored"),
        partitions: 4,
        record: (n) => (n % spoiltEvery === 0 ? { id: "spoilt", n: "no number" } : { id: `k-${n}`, n }),
      }),
    );
    const discovery = opened.use(await startPodDiscovery(place.api));
    prometheus = opened.use(await startPrometheus({ scrapes: await documentedScrapes(discovery), rules: await alertRules() }));
    const orders = pipeline(topic.name, place.directory);
    await place.apply(connection(bootstrap), orders);
    const stop = topic.writeSteadily(recordsPerSecond);
    opened.defer(stop);
    await place.until("the webhook answers", () => review(orders));
  }, 300_000);
  afterAll(() => opened.disposeAsync(), 120_000);

  test("with the documented jobs every query of every dashboard has an answer", { timeout: 240_000 }, async () => {
    for (const since = Date.now(); (await empty()).length > 0 && Date.now() - since < patienceMs; await sleep(2000))
      // What was counted before Prometheus came has no rate.
      await review(connection("127.0.0.1:9092"));
    expect(await empty()).toEqual([]);
    expect(Object.keys(onlyInTrouble).filter((title) => !asked.some((each) => each.title === title))).toEqual([]);
  });

  test("every choice of every dashboard has values", async () => {
    for (const { uid, variables } of Object.values(boards))
      for (const { name, query } of variables) {
        const [, match = "", label = ""] = /^label_values\((.*), (\w+)\)$/.exec(filled(query)) ?? [];
        expect((await prometheus.labelValues(label, match)).length, `${uid}: ${name}`).toBeGreaterThan(0);
      }
  });

  test("the documented jobs find the operator and the pods, and label them as the monitors do", async () => {
    const targets = await prometheus.targets();
    expect(targets).toContain(`snowline-metrics ${place.operatorAddress}:8080 up`);
    expect(
      targets.filter((target) => target.startsWith("snowline-pipelines")).every((target) => target.endsWith(":9464 up")),
    ).toBe(true);
    const [of] = await prometheus.query("snowline_pipeline_replicas");
    expect(of?.metric).toMatchObject({ job: "snowline-metrics", namespace: place.namespace, pipeline: "orders" });
    const [depth] = await prometheus.query('workqueue_depth{controller="pipeline"}');
    expect(depth?.metric).toMatchObject({ job: "snowline-metrics", namespace: operatorNamespace });
    const [rows] = await prometheus.query("snowline_rows_loaded_total");
    expect(rows?.metric).toMatchObject({
      namespace: place.namespace,
      pipeline: "orders",
      pod: expect.stringMatching(/^pipeline-orders-/),
    });
  });

  test("the rules find the pipeline and the operator, and none fires while all is well", async () => {
    const { groups } = await alertRules();
    const orders = { namespace: place.namespace, pipeline: "orders" };
    for (const { record } of groups.flatMap(({ rules }) => rules))
      if (record !== undefined) expect((await prometheus.query(record))[0]?.metric, record).toMatchObject(orders);
    expect(await prometheus.query('ALERTS{alertstate="firing"}')).toEqual([]);
    // One record of fifty is spoilt, and the bound is one of a hundred.
    const waiting = await prometheus.query('ALERTS{alertstate="pending"}');
    expect(waiting.map(({ metric }) => metric["alertname"])).toContain("SnowlineRejecting");
  });
});
