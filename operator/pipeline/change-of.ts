import { check } from "../../crds/check.ts";
import { isObject } from "../../crds/explain.ts";
import { connectionKind } from "../../crds/kinds/connection.ts";
import { pipelineKind } from "../../crds/kinds/pipeline.ts";
import { type Path, pathText } from "../../crds/path.ts";
import { canonicalJson } from "../kube/canonical-json.ts";
import type { Reference, RevisionContent } from "./observed.ts";

/** What a change means for the pods. How many of them there are is another matter. */
export interface Change {
  /** `ignore`: nothing that a pod reads. `roll`: the pods have to be replaced. */
  readonly kind: "ignore" | "roll";
  /** What changed, for events: `spec.transform.sql`, `Secret warehouse-key`. At most 10, then how many more. */
  readonly what: readonly string[];
}

/** Changes that are named: an event has 1,024 characters. */
const namedMax = 10;

/**
 * Compares what the pods run with what they would read now. The older one gets today's defaults first: a field that an upgrade of
 * the custom resource definitions brought, with its default, is no change, and a pipeline that is only scaled after it does not roll.
 */
export function changeOf(before: RevisionContent, after: RevisionContent): Change {
  const old = withDefaults(before);
  const changes = [
    ...differences(old.spec, after.spec, ["spec"]),
    ...connectionChanges(old.connections, after.connections),
    ...referenceChanges(before.references, after.references),
    ...(before.roll === after.roll ? [] : [after.roll === "" ? "the roll annotation was removed" : "the roll annotation"]),
  ];
  const more = changes.length - namedMax;
  const what = more > 0 ? [...changes.slice(0, namedMax), `${more} more`] : changes;
  return { kind: changes.length === 0 ? "ignore" : "roll", what };
}

function withDefaults({ spec, connections }: RevisionContent): Pick<RevisionContent, "spec" | "connections"> {
  return {
    spec: check(pipelineKind.spec, spec, ["spec"]).value as RevisionContent["spec"],
    connections: connections.map(({ name, spec }) => ({ name, spec: check(connectionKind.spec, spec, ["spec"]).value })),
  };
}

/** The fields that differ, as deep as both sides are objects. */
function differences(before: unknown, after: unknown, path: Path): readonly string[] {
  if (isObject(before) && isObject(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...names].toSorted().flatMap((name) => differences(before[name], after[name], [...path, name]));
  }
  return canonicalJson(before ?? null) === canonicalJson(after ?? null) ? [] : [pathText(path)];
}

function connectionChanges(before: RevisionContent["connections"], after: RevisionContent["connections"]): readonly string[] {
  const old = new Map(before.map(({ name, spec }) => [name, spec]));
  const now = new Map(after.map(({ name, spec }) => [name, spec]));
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((name) => {
    if (!now.has(name)) return [`Connection ${name} is used no more`];
    if (!old.has(name)) return [`Connection ${name} is used now`];
    return differences(old.get(name), now.get(name), ["spec"]).map((field) => `Connection ${name}: ${field}`);
  });
}

function referenceChanges(before: readonly Reference[], after: readonly Reference[]): readonly string[] {
  const old = new Map(before.map((reference) => [text(reference), reference]));
  const now = new Map(after.map((reference) => [text(reference), reference]));
  return [...new Set([...old.keys(), ...now.keys()])].filter(
    (name) => canonicalJson(content(old.get(name))) !== canonicalJson(content(now.get(name))),
  );
}
const text = ({ kind, name }: Reference): string => `${kind} ${name}`;
const content = (reference: Reference | undefined): unknown =>
  reference === undefined ? null : [reference.keys, reference.version];
