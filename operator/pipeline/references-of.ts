import { connectionKind } from "../../crds/kinds/connection.ts";
import { pipelineKind } from "../../crds/kinds/pipeline.ts";
import { type NamedKey, referencesIn } from "../../crds/references-in.ts";
import type { Reference } from "./observed.ts";

/** A Secret or ConfigMap whose keys a pipeline reads, before it was looked up. */
export interface NamedReference extends Omit<Reference, "version"> {
  /** The fields that name it, for messages: `Connection warehouse: spec.snowflake.auth.keyPair.privateKeyFrom`. */
  readonly namedBy: readonly string[];
}

/**
 * Every Secret and ConfigMap that a Pipeline's spec and its Connections' specs name, each once, in the order of kind and name; a
 * reference's keys are sorted. The specs need not be valid.
 */
export function referencesOf(
  pipelineSpec: unknown,
  connections: readonly { readonly name: string; readonly spec: unknown }[],
): readonly NamedReference[] {
  const named = [
    ...referencesIn(pipelineKind, pipelineSpec),
    ...connections.flatMap(({ name, spec }) =>
      referencesIn(connectionKind, spec).map((key) => ({ ...key, path: `Connection ${name}: ${key.path}` })),
    ),
  ];
  const groups = Map.groupBy(named, ({ kind, name }) => `${kind}/${name}`);
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, keys]) => merged(keys));
}

function merged(keys: readonly NamedKey[]): NamedReference {
  const { kind, name } = keys[0]!;
  return {
    kind,
    name,
    keys: [...new Set(keys.map(({ key }) => key))].toSorted(),
    namedBy: keys.map(({ path }) => path),
  };
}
