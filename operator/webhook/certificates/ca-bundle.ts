import type { Api } from "../../kube/api.ts";
import type { KubeObject } from "../../kube/kube-object.ts";
import type { ResourceType } from "../../kube/resource-type.ts";

/** A ValidatingWebhookConfiguration, as far as it is read. */
export interface LiveWebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly { readonly clientConfig: { readonly caBundle?: string } }[];
}
const webhookConfigurationType: ResourceType = {
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "ValidatingWebhookConfiguration",
  plural: "validatingwebhookconfigurations",
  namespaced: false,
};

/** Where the bundle goes, and by whom. */
export interface CaBundleTarget {
  readonly api: Api;
  /** Name of the ValidatingWebhookConfiguration; all of its webhooks are ours. */
  readonly configuration: string;
  readonly fieldManager: string;
}

/**
 * Has API servers trust this bundle (PEM) when they call the webhooks of a configuration; writes only where they do not yet. False
 * where there is no such configuration. Throws ApiError where it changed meanwhile.
 */
export async function publishCaBundle(target: CaBundleTarget, bundle: string, signal: AbortSignal): Promise<boolean> {
  const { api, configuration, fieldManager } = target;
  const key = { namespace: "", name: configuration };
  const live = await api.get<LiveWebhookConfiguration>(webhookConfigurationType, key, { signal });
  if (live === null) return false;
  const caBundle = Buffer.from(bundle).toString("base64");
  const changes = (live.webhooks ?? []).flatMap(({ clientConfig }, index) =>
    clientConfig.caBundle === caBundle ? [] : [{ op: "add", path: `/webhooks/${index}/clientConfig/caBundle`, value: caBundle }],
  );
  if (changes.length === 0) return true;
  // Webhooks are told apart by their place in the list only.
  const unchanged = { op: "test", path: "/metadata/resourceVersion", value: live.metadata.resourceVersion };
  await api.patch(webhookConfigurationType, key, [unchanged, ...changes], { fieldManager, signal });
  return true;
}
