import { shown } from "../../crds/explain.ts";
import { nearest } from "../../crds/nearest.ts";
import { type ConnectionUse, connectionUsesOf, leadsElsewhere, leadsTo } from "../../crds/validate-connections.ts";
import type { Admission } from "./admission-review.ts";
import type { NeighbourConnection, NeighbourPipeline, Neighbours } from "./neighbours.ts";

/** Pipelines that a message names. */
const namedMax = 5;

/**
 * Checks the Connections that a Pipeline names. One that leads to another kind of system is a problem. One that is not there is
 * only a warning: manifests may be applied in any order, and the operator waits for it.
 */
export async function checkConnections(
  { namespace, pipeline }: { readonly namespace: string; readonly pipeline: unknown },
  neighbours: Neighbours,
  signal: AbortSignal,
): Promise<Admission> {
  const found = await Promise.all(
    connectionUsesOf(pipeline).map(async (use) => {
      const key = { namespace, name: use.name };
      const known = neighbours.connections.get(key);
      if (known !== null && leadsTo(known, use.system)) return { use, connection: known };
      return { use, connection: await neighbours.readConnection(key, signal) };
    }),
  );
  return {
    problems: found.flatMap(({ use, connection }) =>
      connection !== null && !leadsTo(connection, use.system) ? [leadsElsewhere(use)] : [],
    ),
    warnings: found.flatMap(({ use, connection }) =>
      connection === null ? [missing(use, namespace, neighbours.connections.list())] : [],
    ),
  };
}

function missing({ path, name, system }: ConnectionUse, namespace: string, connections: readonly NeighbourConnection[]): string {
  const fitting = connections.filter((other) => other.metadata.namespace === namespace && leadsTo(other, system));
  const meant = nearest(
    name,
    fitting.map(({ metadata }) => metadata.name),
  );
  const hint = meant === undefined ? "until there is, the pipeline waits" : `did you mean ${meant}? The pipeline waits for it`;
  return `${path}: there is no Connection ${shown(name)} yet: ${hint}`;
}

/**
 * Checks that a Connection still leads to the systems for which Pipelines name it: their next pods would find none. The field is
 * the member of the spec that they need.
 */
export function checkUsers(connection: NeighbourConnection, { pipelines }: Neighbours): Admission["problems"] {
  const { name, namespace } = connection.metadata;
  const bySystem = new Map<string, string[]>();
  for (const pipeline of pipelines.list()) {
    if (pipeline.metadata.namespace !== namespace || isEnding(pipeline)) continue;
    const needed = connectionUsesOf(pipeline).filter((use) => use.name === name && !leadsTo(connection, use.system));
    for (const system of new Set(needed.map((use) => use.system))) {
      bySystem.set(system, [...(bySystem.get(system) ?? []), pipeline.metadata.name]);
    }
  }
  return [...bySystem].map(([system, users]) => {
    const names = users.toSorted();
    const more = names.length <= namedMax ? "" : ` and ${names.length - namedMax} more`;
    const who = `${names.slice(0, namedMax).map(shown).join(", ")}${more}`;
    return {
      path: `spec.${system}`,
      message: `${names.length === 1 ? `Pipeline ${who} uses` : `Pipelines ${who} use`} this Connection for it: keep it, or let ${names.length === 1 ? "it" : "them"} name another first`,
    };
  });
}

const isEnding = ({ metadata }: NeighbourPipeline): boolean => metadata.deletionTimestamp !== undefined;
