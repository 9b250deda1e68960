import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { startApiServer } from "./api-server.ts";
import { sharedApiServer } from "./shared-api-server.ts";

/** Two starts on a busy machine. */
const timeoutMs = 120_000;

test("an API server answers, keeps its objects over a restart, and leaves nothing behind", { timeout: timeoutMs }, async () => {
  const apiServer = await startApiServer();
  const { directory } = apiServer.place;
  await apiServer.kubectl(["create", "namespace", "kept"]);
  await apiServer.restart();
  expect(await apiServer.kubectl(["get", "namespace", "kept", "-o", "name"])).toBe("namespace/kept\n");
  await apiServer.stop();
  expect(execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })).not.toContain(directory);
});

test("the shared API server knows our kinds, and refuses whom RBAC does not know", { timeout: timeoutMs }, async () => {
  const apiServer = await sharedApiServer();
  const kinds = await apiServer.kubectl(["api-resources", "--api-group=snowline.dev", "--no-headers", "-o", "name"]);
  expect(kinds.trim().split("\n").toSorted()).toEqual(["connections.snowline.dev", "pipelines.snowline.dev"]);
  const nobody = await apiServer.kubeconfigFor("nobody", ["visitors"]);
  await expect(apiServer.kubectl(["get", "pipelines", "-A"], { kubeconfig: nobody })).rejects.toThrow(
    'User "nobody" cannot list resource "pipelines" in API group "snowline.dev" at the cluster scope',
  );
});
