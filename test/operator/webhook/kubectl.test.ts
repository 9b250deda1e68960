import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openWebhookPlace, type WebhookPlace } from "./webhook-place.ts";
import { kafkaOf, pipelineYaml, wrongPipelines } from "./wrong-pipelines.ts";

let place: WebhookPlace;
beforeAll(async () => {
  place = await openWebhookPlace();
  const connection = (name: string, spec: string) => `
apiVersion: snowline.dev/v1alpha1
kind: Connection
metadata: { name: ${name} }
spec: ${spec}
---`;
  const token = "{ token: { tokenFrom: { secret: a, key: b } } }";
  await place.kubectl(
    ["apply", "-f", "-"],
    `${connection("events", '{ kafka: { brokers: ["kafka:9092"] } }')}${connection("warehouse", `{ snowflake: { account: a-b, user: u, auth: ${token} } }`)}`,
  );
});
afterAll(() => place[Symbol.asyncDispose]());
const sqlOf = async (name: string) =>
  (await place.kubectl(["get", "pipeline", name, "-o", "jsonpath={.spec.transform.sql}"])).trim();
const apply = (yaml: string, ...args: readonly string[]) => place.kubectl(["apply", "-f", "-", ...args], yaml);

describe("kubectl apply", () => {
  test.each(wrongPipelines)("$what: the message names the field and the fix", async ({ yaml, says }) => {
    const said = await apply(yaml);
    expect(said).toMatch(says);
    expect(said).toMatch(/is invalid|denied the request/);
  });

  test("ten wrong manifests in one file are ten messages", async () => {
    const said = await apply(wrongPipelines.map(({ yaml }) => yaml).join("---"));
    for (const { says } of wrongPipelines) expect(said).toMatch(says);
    expect(said.match(/^Error from server/gm)).toHaveLength(10);
    expect(await place.kubectl(["get", "pipelines"])).toContain("No resources found");
  });

  test("several mistakes are told at once, a line each", async () => {
    const sink = "{ duckdb: { path: a.duckdb, table: a, mode: { upsert: { key: [a, b] } } } }";
    const said = await apply(pipelineYaml("several", { source: kafkaOf("warehouse"), sink }));
    expect(said).toMatch(
      /^The Pipeline "several" is invalid: \n\* spec\.sink\.duckdb\.mode\.upsert\.key: .* column a .*\n\* spec\.sink\.duckdb\.mode\.upsert\.key: .* column b .*\n\* spec\.source\.kafka\.connection: /,
    );
  });

  test("what its owner should know is a warning, and it is there", async () => {
    const said = await apply(pipelineYaml("warned", { source: kafkaOf("event"), sql: "SELECT count(*) AS n FROM source" }));
    expect(said).toContain("Warning: spec.transform.sql: the SQL is per batch (aggregates)");
    expect(said).toContain(
      'Warning: spec.source.kafka.connection: there is no Connection "event" yet: until there is, the pipeline waits',
    );
    expect(said).toContain("pipeline.snowline.dev/warned created");
  });

  test("a right one is taken, a wrong change of it is refused and changes nothing, a right change is taken", async () => {
    expect(await apply(pipelineYaml("orders"))).toContain("created");
    expect(await apply(pipelineYaml("orders"))).toContain("unchanged");
    expect(await apply(pipelineYaml("orders", { sql: "SELECT amuont FROM source" }))).toContain("did you mean amount?");
    expect(await sqlOf("orders")).toBe("SELECT id, amount FROM source");
    expect(await apply(pipelineYaml("orders", { sql: "SELECT status FROM source" }))).toContain("configured");
    expect(await sqlOf("orders")).toBe("SELECT status FROM source");
  });

  test("server-side apply is refused likewise", async () => {
    expect(await apply(pipelineYaml("ssa", { sql: "SELECT amuont FROM source" }), "--server-side")).toContain(
      "did you mean amount?",
    );
  });

  test("--dry-run=server says the same and leaves nothing", async () => {
    expect(await apply(pipelineYaml("dry", { sql: "SELECT amuont FROM source" }), "--dry-run=server")).toContain(
      "did you mean amount?",
    );
    expect(await apply(pipelineYaml("dry"), "--dry-run=server")).toContain("pipeline.snowline.dev/dry created (server dry run)");
    expect(await place.kubectl(["get", "pipeline", "dry"])).toContain("NotFound");
  });

  test("kubectl diff shows what would change, and what is wrong with it", async () => {
    await apply(pipelineYaml("differs"));
    const diff = (yaml: string) => place.kubectl(["diff", "-f", "-"], yaml);
    expect(await diff(pipelineYaml("differs"))).toBe("");
    const changed = await diff(pipelineYaml("differs", { sql: "SELECT id FROM source" }));
    expect(changed).toMatch(/^-\s+SELECT id, amount FROM source$/m);
    expect(changed).toMatch(/^\+\s+SELECT id FROM source$/m);
    expect(await diff(pipelineYaml("differs", { sql: "SELECT amuont FROM source" }))).toContain("did you mean amount?");
  });
});

test("a Pipeline that was taken before there was a webhook can be labelled, scaled, suspended and deleted, but not changed for the worse", async () => {
  const old = pipelineYaml("old", {
    source: kafkaOf("events"),
    sql: "SELECT amuont FROM source",
    sink: "{ files: { directory: out } }",
  });
  await place.without(async () => expect(await apply(old)).toContain("created"));
  expect(await place.kubectl(["label", "pipeline", "old", "team=a"])).toContain("labeled");
  expect(await place.kubectl(["scale", "pipeline", "old", "--replicas=2"])).toContain("scaled");
  const suspended = await place.kubectl(["patch", "pipeline", "old", "--type=merge", "-p", '{"spec":{"suspend":true}}']);
  expect(suspended).toContain("Warning: spec.transform.sql: line 1, column 8: there is no column amuont");
  expect(suspended).toContain("patched");
  expect(await apply(old.replace("amuont", "amonut"))).toContain("is invalid: spec.transform.sql");
  expect(await place.kubectl(["delete", "pipeline", "old"])).toContain("deleted");
});

test("SQL that eats memory is refused, and meanwhile others are answered at once", async () => {
  const doubling = Array.from(
    { length: 26 },
    (_, at) => `, c${at + 1} AS NOT MATERIALIZED (SELECT x.id FROM c${at} AS x, c${at} AS y)`,
  );
  const hostile = apply(
    pipelineYaml("hostile", { sql: `WITH c0 AS (SELECT id FROM source)${doubling.join("")} SELECT id FROM c26` }),
  );
  const state = { ended: false };
  void hostile.finally(() => (state.ended = true));
  let answered = 0;
  for (let at = 0; !state.ended; at++) {
    const said = await apply(pipelineYaml("others", { sql: `SELECT id, ${at} AS n FROM source` }), "--dry-run=server");
    expect(said).toBe("pipeline.snowline.dev/others created (server dry run)\n");
    if (!state.ended) answered++;
  }
  expect(await hostile).toMatch(/spec\.transform\.sql: takes too (much memory|long) to compile/);
  expect(answered).toBeGreaterThan(0);
});

test("what happened is counted under controller-runtime's names", async () => {
  const metrics = await place.registry.metrics();
  expect(metrics).toMatch(/^controller_runtime_webhook_requests_total\{webhook="\/validate",code="200"\} [1-9]/m);
  expect(metrics).toMatch(/^controller_runtime_webhook_requests_in_flight\{webhook="\/validate"\} 0$/m);
  expect(metrics).toMatch(/^controller_runtime_webhook_latency_seconds_bucket\{le="1",webhook="\/validate"\} [1-9]/m);
  expect(metrics).toMatch(/^snowline_webhook_certificate_expiry_seconds 3[45]\d\d/m);
});

test("a dead webhook blocks nobody's work", async () => {
  await using other = await openWebhookPlace();
  const wrong = pipelineYaml("wrong", { sql: "SELECT amuont FROM source" });
  expect(await other.kubectl(["apply", "-f", "-"], wrong)).toContain("did you mean amount?");
  await other.stop();
  expect(await other.kubectl(["apply", "-f", "-"], wrong)).toContain("pipeline.snowline.dev/wrong created");
  expect(await other.kubectl(["delete", "pipeline", "wrong"])).toContain("deleted");
});
