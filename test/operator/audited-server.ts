import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ApiServer, startApiServer } from "../cluster/api-server.ts";

/** One request that the API server answered. */
export interface AuditedRequest {
  readonly user: string;
  readonly verb: string;
  /** `apps/deployments`, `snowline.dev/pipelines/status`, `/secrets` of the core group. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  /** Nobody gave the user the right. What admission refuses is not that. */
  readonly isForbidden: boolean;
}

/** An API server that writes down who asked it what. */
export interface AuditedServer extends ApiServer {
  /** All requests for resources so far, in their order. */
  requests(): Promise<readonly AuditedRequest[]>;
}

/** As kube-apiserver writes it, as far as it is read. */
interface AuditEvent {
  readonly user: { readonly username: string };
  readonly verb: string;
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly annotations?: { readonly "authorization.k8s.io/decision"?: "allow" | "forbid" };
}

const policy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  // A watch is a request from its beginning; the others are told when they have been answered.
  omitStages: ["RequestReceived", "ResponseStarted", "Panic"],
  rules: [{ level: "Metadata" }],
};

/** Starts it. `args` are kube-apiserver's, besides those for the audit. */
export async function startAuditedServer(args: readonly string[]): Promise<AuditedServer> {
  const directory = await mkdtemp(join(tmpdir(), "snowline-audit-"));
  const [policyFile, log] = [join(directory, "policy.json"), join(directory, "audit.log")];
  await writeFile(policyFile, JSON.stringify(policy));
  const audit = [`--audit-policy-file=${policyFile}`, `--audit-log-path=${log}`, "--audit-log-mode=blocking"];
  const server = await startApiServer({ controllers: true, extraArgs: [...audit, ...args] });
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  };
  return {
    ...server,
    requests: async () => (await readFile(log, "utf8")).split("\n").flatMap(requestIn),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function requestIn(line: string): readonly AuditedRequest[] {
  if (line === "") return [];
  const { user, verb, objectRef, annotations } = JSON.parse(line) as AuditEvent;
  if (objectRef?.resource === undefined) return [];
  const { apiGroup = "", resource, subresource, namespace = "", name = "" } = objectRef;
  const path = [apiGroup, resource, ...(subresource === undefined ? [] : [subresource])].join("/");
  const isForbidden = annotations?.["authorization.k8s.io/decision"] !== "allow";
  return [{ user: user.username, verb, resource: path, namespace, name, isForbidden }];
}
