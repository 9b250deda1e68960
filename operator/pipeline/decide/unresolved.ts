import type { Problem } from "../../../crds/check.ts";
import { connectionUsesOf, leadsElsewhere, leadsTo } from "../../../crds/validate-connections.ts";
import { missingReferences } from "../missing-references.ts";
import type { Observed } from "../observed.ts";
import { referencesOf } from "../references-of.ts";

type Resolved = Pick<Observed, "pipeline" | "connections" | "references">;

/** What a pipeline refers to and is not there, each with the field that names it and what to do. Keys are told by the pods. */
export function unresolvedIn({ pipeline, connections, references }: Resolved): readonly Problem[] {
  const { namespace = "" } = pipeline.metadata;
  const ofConnections = connectionUsesOf(pipeline).flatMap((use): readonly Problem[] => {
    const connection = connections.get(use.name) ?? null;
    if (connection !== null) return leadsTo(connection, use.system) ? [] : [leadsElsewhere(use)];
    const message = `there is no Connection "${use.name}" in namespace ${namespace}: apply it, or name one that is there (kubectl get connections)`;
    return [{ path: use.path, message }];
  });
  const specs = [...connections].flatMap(([name, connection]) => (connection === null ? [] : [{ name, spec: connection.spec }]));
  const isThere = (wanted: { readonly kind: string; readonly name: string }): boolean =>
    references.find(({ kind, name }) => kind === wanted.kind && name === wanted.name)?.version !== null;
  return [...ofConnections, ...missingReferences(namespace, referencesOf(pipeline.spec, specs), isThere)];
}
