// helm test: waits until the small pipeline is Ready and has loaded its rows.
import { parseArgs } from "node:util";
import { askApi } from "./ask-api.ts";
import { type Progress, waitUntil } from "./wait-until.ts";

const { values } = parseArgs({
  options: {
    namespace: { type: "string", default: "" },
    pipeline: { type: "string", default: "" },
    rows: { type: "string", default: "" },
    "timeout-seconds": { type: "string", default: "180" },
  },
});

/** A Pipeline's status, as far as it is read. */
interface Status {
  readonly conditions?: readonly { type: string; status: string; reason: string; message: string }[];
  readonly totals?: { readonly rowsLoaded?: number };
}

async function look(): Promise<Progress> {
  const pipelines = `/apis/snowline.dev/v1alpha1/namespaces/${values.namespace}/pipelines`;
  const { code, body } = await askApi(`${pipelines}/${values.pipeline}`);
  if (code !== 200) return { done: false, line: `the API server says ${code}: ${body.message}` };
  const { conditions = [], totals } = (body["status"] ?? {}) as Status;
  const ready = conditions.find(({ type }) => type === "Ready");
  const rows = totals?.rowsLoaded ?? 0;
  const said =
    ready === undefined ? "no operator has looked at it yet" : `Ready=${ready.status} ${ready.reason}: ${ready.message}`;
  return {
    done: ready?.status === "True" && rows >= Number(values.rows),
    line: `${rows} of ${values.rows} rows loaded, ${said}`,
  };
}

const hint = `see kubectl -n ${values.namespace} describe pipeline ${values.pipeline}`;
await waitUntil(look, { seconds: Number(values["timeout-seconds"]), hint });
