// helm test: whether the operator answers and, with --webhook, whether a wrong manifest is refused.
import { parseArgs } from "node:util";
import { askApi } from "./ask-api.ts";
import { type Progress, waitUntil } from "./wait-until.ts";

const { values } = parseArgs({
  options: {
    /** Base URL of the operator's metrics Service. */
    operator: { type: "string", default: "" },
    namespace: { type: "string", default: "" },
    webhook: { type: "boolean", default: false },
    "timeout-seconds": { type: "string", default: "60" },
  },
});
/** Longest wait for the operator's answer, in milliseconds. */
const answerMsMax = 5000;

/** Every field is right, so that only who compiles the SQL can find fault with it. */
const wrong = {
  apiVersion: "snowline.dev/v1alpha1",
  kind: "Pipeline",
  metadata: { name: "snowline-test-wrong" },
  spec: {
    source: { files: { paths: ["/data/orders.csv"], format: { csv: { columns: { id: "BIGINT" } } } } },
    transform: { sql: "SELECT no_such_column FROM source" },
    sink: { files: { directory: "/data/rows" } },
  },
};

async function look(): Promise<Progress> {
  const ready = await fetch(`${values.operator}/readyz`, { signal: AbortSignal.timeout(answerMsMax) });
  if (!ready.ok) return { done: false, line: `the operator is not ready: ${(await ready.text()).slice(0, 1000)}` };
  if (!values.webhook) return { done: true, line: "the operator is ready" };
  const pipelines = `/apis/snowline.dev/v1alpha1/namespaces/${values.namespace}/pipelines`;
  const { code, body } = await askApi(`${pipelines}?dryRun=All`, wrong);
  if (code < 300)
    return { done: false, line: "a Pipeline with a column that is not there was admitted: nobody asked the webhook" };
  const refused = (body.message ?? "").includes("no_such_column");
  return {
    done: refused,
    line: `${refused ? "the operator refuses what is wrong" : `the API server says ${code}`}: ${body.message}`,
  };
}

await waitUntil(look, { seconds: Number(values["timeout-seconds"]), hint: "see the log of the operator's pods" });
