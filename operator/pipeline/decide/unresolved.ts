import type { Problem } from "../../../crds/check.ts";
import { connectionsOf, validateConnections } from "../../../crds/validate-connections.ts";
import type { Observed } from "../observed.ts";
import { referencesOf } from "../references-of.ts";

type Resolved = Pick<Observed, "pipeline" | "connections" | "references">;

/** Every system, so that a Connection that is missing is not also of the wrong kind. */
const anySystem = { kafka: {}, schemaRegistry: {}, snowflake: {} };

/** What a pipeline refers to and is not there, each with the field that names it and what to do. Keys are told by the pods. */
export function unresolvedIn(observed: Resolved): readonly Problem[] {
  return [...missingConnections(observed), ...wrongConnections(observed), ...missingReferences(observed)];
}

function missingConnections({ pipeline, connections }: Resolved): readonly Problem[] {
  const { namespace } = pipeline.metadata;
  return connectionsOf(pipeline)
    .filter((name) => connections.get(name) === null || connections.get(name) === undefined)
    .map((name) => ({
      path: "spec",
      message: `there is no Connection "${name}" in namespace ${namespace}: apply it, or name one that is there (kubectl get connections)`,
    }));
}

function wrongConnections({ pipeline, connections }: Resolved): readonly Problem[] {
  const candidates = connectionsOf(pipeline).map((name) => ({
    metadata: { name, namespace: pipeline.metadata.namespace },
    spec: connections.get(name)?.spec ?? anySystem,
  }));
  return validateConnections(pipeline, candidates);
}

function missingReferences({ pipeline, connections, references }: Resolved): readonly Problem[] {
  const { namespace } = pipeline.metadata;
  const specs = [...connections].flatMap(([name, connection]) => (connection === null ? [] : [{ name, spec: connection.spec }]));
  const named = referencesOf(pipeline.spec, specs);
  return references
    .filter(({ version }) => version === null)
    .map(({ kind, name }) => ({
      path: named.find((reference) => reference.kind === kind && reference.name === name)?.namedBy[0] ?? "spec",
      message: `there is no ${kind} "${name}" in namespace ${namespace}: create it, or name one that is there`,
    }));
}
