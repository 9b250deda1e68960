import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { Registry } from "prom-client";
import { expect, vi } from "vitest";
import { parseAllDocuments } from "yaml";
import { type CompilerOptions, openCompiler } from "../../../operator/compile/compiler.ts";
import { systemClock } from "../../../operator/control/clock.ts";
import { issueAuthority, issueServing, type KeyPair } from "../../../operator/webhook/certificates/issue-certificate.ts";
import { holdServingCertificate, type ServingCertificates } from "../../../operator/webhook/certificates/serving-certificate.ts";
import type { NeighbourConnection } from "../../../operator/webhook/neighbours.ts";
import { startWebhookServer, type WebhookServer } from "../../../operator/webhook/webhook-server.ts";
import type { ApiAccess } from "../../cluster/api-access.ts";
import { sharedApiServer } from "../../cluster/shared-api-server.ts";
import { uniqueName } from "../../kafka/unique-name.ts";
import { neighbours } from "./in-namespace.ts";

/** A namespace of the shared API server whose Pipelines and Connections go through a webhook of its own, configured as the chart does. */
export interface WebhookPlace extends AsyncDisposable {
  readonly namespace: string;
  readonly api: ApiAccess;
  readonly registry: Registry;
  /** Name of the ValidatingWebhookConfiguration. */
  readonly configuration: string;
  readonly server: WebhookServer;
  /** kubectl in the namespace. Resolves to all it printed, warnings and complaints too, also where it failed. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** Runs something while there is no webhook. */
  without(run: () => Promise<void>): Promise<void>;
  /** Has the server show another certificate. */
  serve(pair: KeyPair): void;
  /** Ends the server; its configuration stays. */
  stop(): Promise<void>;
}

const chart = join(import.meta.dirname, "..", "..", "..", "charts", "manifests", "operator.yaml");

/** The chart's own, led to a port of this machine and kept to a namespace. */
export async function webhookConfiguration(
  name: string,
  client: { readonly port: number; readonly ca?: string },
  namespace: string,
) {
  const documents = parseAllDocuments(await readFile(chart, "utf8")).map((document) => document.toJS() as Manifest);
  const { apiVersion, kind, webhooks } = documents.find((document) => document.kind === "ValidatingWebhookConfiguration")!;
  const caBundle = client.ca === undefined ? {} : { caBundle: Buffer.from(client.ca).toString("base64") };
  return JSON.stringify({
    apiVersion,
    kind,
    metadata: { name },
    webhooks: webhooks.map((webhook) => ({
      ...webhook,
      clientConfig: { url: `https://127.0.0.1:${client.port}/validate`, ...caBundle },
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
    })),
  });
}
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly webhooks: readonly object[];
}

/** A certificate for 127.0.0.1 and the authority that signed it. */
export async function certificatesNow(): Promise<{ readonly authority: KeyPair; readonly serving: KeyPair }> {
  const validity = { fromMs: Date.now() - 60_000, untilMs: Date.now() + 3_600_000 };
  const authority = await issueAuthority("Snowline test CA", validity);
  return { authority, serving: await issueServing(authority, ["127.0.0.1"], validity) };
}

/** Opens it. Disposing of it ends the server and removes configuration and namespace. */
export async function openWebhookPlace(compiling: Partial<CompilerOptions> = {}): Promise<WebhookPlace> {
  const api = await sharedApiServer();
  const namespace = uniqueName("webhook");
  const held = holdServingCertificate();
  const { authority, serving } = await certificatesNow();
  held.offer(serving.certificate, serving.key);
  const compiler = openCompiler({ now: systemClock.now, ...compiling });
  const registry = new Registry();
  const certificates = Object.assign(held, { [Symbol.asyncDispose]: async () => {} }) satisfies ServingCertificates;
  const server = await startWebhookServer({
    port: 0,
    host: "127.0.0.1",
    certificates,
    examiner: { compiler, neighbours: { ...neighbours({ connections: [] }), readConnection: (key) => connectionNow(api, key) } },
    clock: systemClock,
    registry,
    logger: pino({ level: "silent" }),
  });
  const configuration = `${namespace}.test`;
  const kubectl: WebhookPlace["kubectl"] = (args, input) => kubectlText(api, ["-n", namespace, ...args], input);
  const configure = async () => {
    const client = { port: server.port, ca: authority.certificate };
    await api.kubectl(["apply", "-f", "-"], { input: await webhookConfiguration(configuration, client, namespace) });
    await untilInForce(true, kubectl);
  };
  await api.kubectl(["create", "namespace", namespace]);
  await configure();
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    await server[Symbol.asyncDispose]();
    await compiler[Symbol.asyncDispose]();
  };
  return {
    namespace,
    api,
    registry,
    configuration,
    server,
    kubectl,
    without: async (run) => {
      await api.kubectl(["delete", "validatingwebhookconfiguration", configuration]);
      await untilInForce(false, kubectl);
      await run();
      await configure();
    },
    serve: ({ certificate, key }) => {
      if (!held.offer(certificate, key)) throw new Error("the key is not the certificate's");
    },
    stop,
    [Symbol.asyncDispose]: async () => {
      await api.kubectl(["delete", "validatingwebhookconfiguration", configuration, "--ignore-not-found"]);
      await api.kubectl(["delete", "namespace", namespace, "--wait=false"]);
      await stop();
    },
  };
}

/** An API server takes a moment to heed a new configuration. */
async function untilInForce(wanted: boolean, kubectl: WebhookPlace["kubectl"]): Promise<void> {
  const wrong = JSON.stringify({
    apiVersion: "snowline.dev/v1alpha1",
    kind: "Pipeline",
    metadata: { name: "probe" },
    spec: {
      source: { files: { paths: ["a"], format: { json: {} } } },
      transform: { sql: "SELECT nothing FROM source" },
      sink: { duckdb: { path: "a.duckdb", table: "a" } },
    },
  });
  await vi.waitFor(
    async () => {
      const said = await kubectl(["create", "--dry-run=server", "-f", "-"], wrong);
      expect(said.includes("there is no column nothing")).toBe(wanted);
    },
    { timeout: 20_000, interval: 50 },
  );
}

function kubectlText(api: ApiAccess, args: readonly string[], input = ""): Promise<string> {
  const { programs, directory } = api.place;
  const own = ["--kubeconfig", api.kubeconfig, "--cache-dir", join(directory, "kubectl-cache")];
  const { promise, resolve } = Promise.withResolvers<string>();
  // `kubectl diff` runs diff.
  const env = { PATH: process.env["PATH"] };
  const child = execFile(join(programs, "kubectl"), [...own, ...args], { env }, (_error, stdout, stderr) =>
    resolve(`${stdout}${stderr}`),
  );
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  return promise;
}

async function connectionNow(
  api: ApiAccess,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<NeighbourConnection | null> {
  const text = await api.kubectl(["-n", namespace, "get", "connection", name, "--ignore-not-found", "-o", "json"]);
  return text === "" ? null : (JSON.parse(text) as NeighbourConnection);
}
