// Not from the package's index: it loads the models of every kind, 87 MB that nothing here uses.
import { ExecAuth } from "@kubernetes/client-node/dist/exec_auth.js";
import type { RequestOptions } from "node:https";
import type { Credentials } from "./cluster-access.ts";
import type { ExecPlugin } from "./kubeconfig.ts";

/** Version of the protocol where the kubeconfig does not say. */
const defaultApiVersion = "client.authentication.k8s.io/v1";

/** Runs a kubeconfig's exec plugin, and again once what it gave has expired. Throws without quoting the plugin's output. */
export function execCredentials(plugin: ExecPlugin): () => Promise<Credentials> {
  const authentication = new ExecAuth();
  const request = { apiVersion: plugin.apiVersion ?? defaultApiVersion, kind: "ExecCredential", spec: { interactive: false } };
  const env = [...(plugin.env ?? []), { name: "KUBERNETES_EXEC_INFO", value: JSON.stringify(request) }];
  const user = { name: "kubeconfig", exec: { ...plugin, args: plugin.args ?? [], env } };
  return async () => {
    const options: RequestOptions & { headers: Record<string, string> } = { headers: {} };
    try {
      await authentication.applyAuthentication(user, options);
    } catch {
      // Without the cause: it is what the plugin printed, and may hold a token.
      throw new Error(`exec plugin ${plugin.command}: it gave no credentials: run it by hand to see why`);
    }
    const { cert, key, headers } = options;
    return {
      tls: { ...(typeof cert === "string" && { cert }), ...(typeof key === "string" && { key }) },
      headers: headers["Authorization"] === undefined ? {} : { authorization: headers["Authorization"] },
    };
  };
}
