import type { Problem } from "./check.ts";
import { isObject, shown } from "./explain.ts";
import { nearest } from "./nearest.ts";
import { parsePath } from "./path.ts";

/** Where a Pipeline names a Connection, and the member of its spec that has to be set. */
const uses = [
  { path: "spec.source.kafka.connection", system: "kafka" },
  { path: "spec.source.kafka.format.avro.registry.connection", system: "schemaRegistry" },
  { path: "spec.sink.snowflake.connection", system: "snowflake" },
  { path: "spec.deadLetter.kafka.connection", system: "kafka" },
] as const;

/** A field of a Pipeline that names a Connection. */
export interface ConnectionUse {
  readonly path: string;
  readonly name: string;
  /** The member of the Connection's spec that has to be set. */
  readonly system: string;
}

/** Where a Pipeline names which Connection, and for what. Takes it as it is written. */
export function connectionUsesOf(pipeline: unknown): readonly ConnectionUse[] {
  return uses.flatMap(({ path, system }): ConnectionUse[] => {
    const name = at(pipeline, path);
    return typeof name === "string" && name !== "" ? [{ path, name, system }] : [];
  });
}

/** Names of the Connections that a Pipeline needs, each once. */
export function connectionsOf(pipeline: unknown): readonly string[] {
  return [...new Set(connectionUsesOf(pipeline).map(({ name }) => name))];
}

/**
 * Checks that the Connections a Pipeline names are there and lead to the right kind of system. Takes them as they are written,
 * so that another mistake in one of them hides nothing. A manifest may leave its namespace to `kubectl -n`.
 */
export function validateConnections(pipeline: unknown, connections: readonly unknown[]): readonly Problem[] {
  const namespace = at(pipeline, "metadata.namespace");
  const near = connections.filter((connection) => {
    const other = at(connection, "metadata.namespace");
    return namespace === undefined || other === undefined || namespace === other;
  });
  return connectionUsesOf(pipeline).flatMap(({ path, name, system }): Problem[] => {
    const connection = near.find((connection) => at(connection, "metadata.name") === name);
    if (connection === undefined)
      return [
        {
          path,
          message: missing(
            name,
            near.filter((other) => leadsTo(other, system)),
          ),
        },
      ];
    if (leadsTo(connection, system)) return [];
    return [leadsElsewhere({ path, name, system })];
  });
}

/** What is wrong where the Connection that is named leads to another system. */
export const leadsElsewhere = ({ path, name, system }: ConnectionUse): Problem => ({
  path,
  message: `${shown(name)} is a Connection without ${system}: name one with ${system}`,
});

/** True for a Connection to this kind of system. */
export const leadsTo = (connection: unknown, system: string): boolean => at(connection, `spec.${system}`) !== undefined;

function missing(name: string, candidates: readonly unknown[]): string {
  const names = candidates.map((connection) => String(at(connection, "metadata.name")));
  const meant = nearest(name, names);
  const there = names.length === 0 ? "give the file that has it as well" : `there is ${names.join(", ")}`;
  return `there is no Connection ${shown(name)} in the given files: ${meant === undefined ? there : `did you mean ${meant}?`}`;
}

function at(value: unknown, path: string): unknown {
  return parsePath(path).reduce<unknown>((inside, step) => (isObject(inside) ? (inside[step] ?? undefined) : undefined), value);
}
