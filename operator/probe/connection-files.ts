import { connectionKind } from "../../crds/kinds/connection.ts";
import { type NamedKey, referencesIn } from "../../crds/references-in.ts";
import type { Api } from "../kube/api.ts";
import { isApiError } from "../kube/api-error.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import type { ResourceType } from "../kube/resource-type.ts";

const core = (kind: string, plural: string): ResourceType => ({ group: "", version: "v1", kind, plural, namespaced: true });
const types = { Secret: core("Secret", "secrets"), ConfigMap: core("ConfigMap", "configmaps") } as const;

/** A Secret or ConfigMap with what is in it. */
interface Content extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** Where a Connection's references lead. */
export interface FilesPlace {
  readonly api: Pick<Api, "get">;
  readonly namespace: string;
  readonly signal: AbortSignal;
}

/**
 * Reads the keys that a Connection names, in base64, by `secret/<name>/<key>` or `configMap/<name>/<key>`. Whoever has them hands them
 * to the probe and forgets them. Throws Error with a sentence, and without content, where one cannot be read.
 */
export async function connectionFiles(spec: unknown, place: FilesPlace): Promise<Readonly<Record<string, string>>> {
  const named = Map.groupBy(referencesIn(connectionKind, spec), ({ kind, name }) => `${kind} ${name}`);
  const files: Record<string, string> = {};
  for (const keys of named.values()) {
    const { kind, name } = keys[0]!;
    const content = await read(keys[0]!, place);
    for (const { key } of keys)
      files[`${kind === "Secret" ? "secret" : "configMap"}/${name}/${key}`] = valueOf(content, kind, key);
  }
  return files;
}

async function read({ kind, name }: NamedKey, { api, namespace, signal }: FilesPlace): Promise<Content> {
  const content = await api.get<Content>(types[kind], { namespace, name }, { signal }).catch((error: unknown) => {
    if (isApiError(error, "Forbidden"))
      throw new Error(
        `the operator may not read ${kind} ${name} in namespace ${namespace}: give it the verb get, or switch scaling to zero off (autoscaling.scaleToZero.enabled)`,
      );
    throw new Error(`${kind} ${name}: the API server does not give it`, { cause: error });
  });
  if (content === null) throw new Error(`there is no ${kind} "${name}" in namespace ${namespace}: create it`);
  return content;
}

function valueOf({ metadata, data = {}, binaryData = {} }: Content, kind: NamedKey["kind"], key: string): string {
  const text = data[key];
  const value = kind === "Secret" ? text : (binaryData[key] ?? (text === undefined ? undefined : base64(text)));
  if (value === undefined) throw new Error(`${kind} ${metadata.name} has no key "${key}": add it, or name one that is there`);
  return value;
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");
