import { beforeAll, expect, test } from "vitest";
import type { ApiAccess } from "../../cluster/api-access.ts";
import { sharedApiServer } from "../../cluster/shared-api-server.ts";
import { condition, isReady, openPipelinePlace } from "./pipeline-place.ts";
import { startOperator } from "./started-operator.ts";

let access: ApiAccess;
beforeAll(async () => {
  access = await sharedApiServer();
});

test(
  "a Pipeline that is applied runs, is changed, taken back, scaled, suspended and drained away",
  { timeout: 240_000 },
  async () => {
    await using place = await openPipelinePlace(access);
    await using operator = await startOperator(place.api, place.namespace);
    await place.apply({ text: "one" });
    const first = await place.until("Ready", isReady);
    expect(await place.children()).toEqual([
      "ConfigMap/pipeline-orders",
      "Deployment/pipeline-orders",
      "NetworkPolicy/pipeline-orders",
      "Pod",
      "PodDisruptionBudget/pipeline-orders",
      "ServiceAccount/pipeline-orders",
    ]);
    expect(operator.happenings.map(({ reason }) => reason)).toEqual(["RollingOut", "RolledOut"]);

    await place.apply({ fate: "terminal" });
    const back = await place.until("taken back", (pipeline) => condition(pipeline, "Ready") === "False RolloutFailed");
    expect(back?.status?.failedRollout).toMatchObject({ reason: "TableMissing", generation: 2 });
    expect(back?.status?.revision).toBe(first?.status?.revision);

    await place.apply({ text: "two" });
    await place.until("the new spec runs", isReady);

    await access.kubectl(["-n", place.namespace, "scale", "pipeline", "orders", "--replicas=2"]);
    await place.until("two pods", (pipeline) => pipeline?.status?.pods === "2/2");

    await place.apply({ text: "two", set: { "spec.suspend": true } });
    await place.until("drained", (pipeline) => pipeline?.status?.drained === true);
    await place.apply({ text: "two", set: { "spec.suspend": false } });
    await place.until("resumed", isReady);

    await access.kubectl(["-n", place.namespace, "delete", "pipeline", "orders", "--wait=false"]);
    await place.until("gone", (pipeline) => pipeline === null);
    await expect.poll(() => place.children(), { timeout: 30_000 }).toEqual([]);
    expect(place.kubelet.faults).toEqual([]);
  },
);
