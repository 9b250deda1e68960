import { expect, test } from "vitest";
import { folder, pipelineYaml } from "../../cli/manifests.ts";
import { spawnSnowline } from "../../cli/spawned.ts";
import { type OtlpReceiver, startOtlpReceiver } from "./otlp-receiver.ts";

const secretValue = "eva@example.org";
const records = `{"id":"${secretValue}","amount":1}\n{"id":"b","amount":"lots"}\n{"id":"c","amount":3}\n`;

/** Runs a pipeline of three records in a process of its own, whose variables name a receiver. */
async function traced(more: Readonly<Record<string, string>>, files: Readonly<Record<string, string>> = {}) {
  await using place = await folder({ "orders.yaml": pipelineYaml(), "orders.jsonl": records, ...files });
  const headersFile = "headers" in files ? { OTEL_EXPORTER_OTLP_HEADERS_FILE: place.file("headers") } : {};
  const args = ["run", "orders.yaml", "--metrics-file", "metrics.prom"];
  const begun = performance.now();
  await using run = spawnSnowline(args, place.path, { ...headersFile, ...more });
  const code = await run.ended();
  return { code, stdout: run.stdout(), stderr: run.stderr(), tookMs: performance.now() - begun };
}
const to = ({ url }: OtlpReceiver): Readonly<Record<string, string>> => ({ OTEL_EXPORTER_OTLP_ENDPOINT: url });

test("a batch arrives at an OTLP receiver as one trace of its stages, without a value of a record", async () => {
  await using receiver = await startOtlpReceiver();
  const { code, stderr } = await traced(
    {
      ...to(receiver),
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
      // On a machine that is busy with other tests an answer may take its time.
      OTEL_EXPORTER_OTLP_TIMEOUT: "30000",
    },
    { headers: "authorization=Bearer%20t0ken\n" },
  );
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.not.stringContaining("traces not sent") as string });
  const { spans, requests } = receiver;
  expect(requests[0]).toMatchObject({ path: "/v1/traces", headers: { authorization: "Bearer t0ken" } });
  expect(stderr).not.toContain("t0ken");
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  const root = spans.find(({ parentId }) => parentId === "")!;
  expect(root).toMatchObject({
    name: "batch",
    status: 0,
    attributes: {
      "snowline.records": 3,
      "snowline.rows": 2,
      "snowline.rejected": 1,
      "snowline.splits": 1,
      "snowline.loaded": true,
    },
    resource: {
      "service.name": "snowline",
      "snowline.pipeline": "default/orders",
      "deployment.environment.name": "test",
    },
  });
  expect(root.attributes["snowline.bytes"]).toBe(Buffer.byteLength(records) - 3);
  const stages = spans.filter(({ parentId }) => parentId === root.spanId).toSorted((a, b) => a.startNanos - b.startNanos);
  expect(stages.map(({ name }) => name).toSorted()).toEqual(["dead_letter", "load", "read", "transform"]);
  for (const { startNanos, endNanos } of stages) {
    expect(startNanos).toBeGreaterThanOrEqual(root.startNanos);
    expect(endNanos).toBeLessThanOrEqual(root.endNanos);
    expect(endNanos).toBeGreaterThanOrEqual(startNanos);
  }
  expect(JSON.stringify(spans)).not.toContain(secretValue);
  expect(JSON.stringify(spans)).not.toContain("lots");
});

test("the sampler is the environment's", async () => {
  await using receiver = await startOtlpReceiver();
  expect(await traced({ ...to(receiver), OTEL_TRACES_SAMPLER: "always_off" })).toMatchObject({ code: 0 });
  expect(receiver.requests).toEqual([]);
});

test.each([
  ["hangs", null],
  ["fails", 503],
  ["refuses", 400],
])(
  "a receiver that %s costs no rows, and seconds at the end at most",
  async (_what, answers) => {
    await using receiver = await startOtlpReceiver();
    const without = await traced({});
    receiver.answers = answers;
    const { code, stdout, tookMs } = await traced(to(receiver));
    expect(code).toBe(0);
    expect(stdout).toContain("orders: loaded 2 rows");
    expect(receiver.requests.length).toBeGreaterThan(0);
    // The SDK alone would have waited ten seconds for it.
    expect(tookMs).toBeLessThan(without.tookMs + 8000);
  },
  60_000,
);

test("where no receiver is named nothing of the SDK is loaded", async () => {
  const seen = "data:text/javascript,";
  const hook = `import { registerHooks } from "node:module"; registerHooks({ load(url, context, next) {
    if (/@opentelemetry.(sdk|exporter|otlp|resources)/.test(url)) process.stderr.write("LOADED " + url + "\\n");
    return next(url, context); } });`;
  const NODE_OPTIONS = `--import ${JSON.stringify(seen + encodeURIComponent(hook))}`;
  expect((await traced({ NODE_OPTIONS })).stderr).not.toContain("LOADED");
  await using receiver = await startOtlpReceiver();
  expect((await traced({ NODE_OPTIONS, ...to(receiver) })).stderr).toContain("LOADED");
});
