import { expect, it } from "vitest";
import { openLineageProblems } from "../runtime/lineage/open-lineage-check.ts";
import { startReceiver } from "../runtime/lineage/receiver.ts";
import { snowline } from "./captured-shell.ts";
import { folder, pipelineYaml } from "./manifests.ts";

const withLineage = (url: string, more = ""): string =>
  `${pipelineYaml()}  lineage: { openLineage: { url: "${url}", namespace: laptops${more} } }\n`;
const records = '{"id":"a","amount":1}\n{"id":"b","amount":"lots"}\n';

it("run tells a receiver what it read and wrote, with the key from its file", async () => {
  await using receiver = await startReceiver();
  await using files = await folder({
    "orders.yaml": withLineage(receiver.url, ", apiKeyFrom: { secret: marquez, key: token }"),
    "orders.jsonl": records,
    "secrets/marquez/token": "k3y\n",
  });
  const { code, stdout, stderr } = await snowline(
    ["run", files.file("orders.yaml"), "--secrets", files.file("secrets"), "--log-level", "debug"],
    { directory: files.path },
  );
  expect(code).toBe(0);
  // On a busy machine the last event may arrive after the second that the command waits for it.
  await receiver.taken(2);
  expect(stdout + stderr).not.toContain("k3y");
  expect(receiver.events.map(({ eventType }) => eventType)).toEqual(["START", "COMPLETE"]);
  for (const event of receiver.events) expect(openLineageProblems(event)).toEqual([]);
  expect(receiver.headers[0]?.authorization).toBe("Bearer k3y");
  expect(receiver.events[1]).toMatchObject({
    job: { namespace: "laptops", name: "orders" },
    inputs: [{ namespace: "file", name: files.file("orders.jsonl"), inputFacets: { inputStatistics: { rowCount: 2 } } }],
    outputs: [
      {
        namespace: `duckdb://${files.file("orders.duckdb")}`,
        name: "main.orders",
        facets: { schema: { fields: [{ name: "id" }, { name: "doubled", type: "DECIMAL(18,2)" }] } },
        outputFacets: { outputStatistics: { rowCount: 1 } },
      },
    ],
  });
});

it("run ends in time, with everything loaded, though the receiver hangs", async () => {
  await using receiver = await startReceiver();
  receiver.answers = null;
  await using files = await folder({ "orders.yaml": withLineage(receiver.url), "orders.jsonl": records });
  const begun = performance.now();
  const { code, stdout } = await snowline(["run", files.file("orders.yaml")], { directory: files.path });
  expect(code).toBe(0);
  expect(stdout).toContain("orders: loaded 1 row");
  expect(receiver.requests).toBe(1);
  // The receiver would have had ten seconds for one answer.
  expect(performance.now() - begun).toBeLessThan(9000);
});
