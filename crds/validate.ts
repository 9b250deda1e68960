import { check, type Problem } from "./check.ts";
import { isObject, shown } from "./explain.ts";
import type { Connection } from "./kinds/connection.ts";
import { apiVersion, group, metadata, resourceSchema } from "./kinds/kind.ts";
import { kinds } from "./kinds/kinds.ts";
import type { Pipeline } from "./kinds/pipeline.ts";
import { nearest } from "./nearest.ts";

/** A resource of any kind of ours. */
export type Resource = Pipeline | Connection;

/** A resource, or why it is none. */
export interface Validated {
  /** The resource with its defaults and without its status; null where there is a problem. */
  readonly resource: Resource | null;
  readonly problems: readonly Problem[];
}

/** True where this is meant for Snowline, be it misspelt; a Secret or a Deployment in the same file is not. */
export function isOurs(value: unknown): boolean {
  if (!isObject(value)) return true;
  const { apiVersion: given, kind } = value;
  if (typeof given !== "string") return typeof kind !== "string" || kinds.some((known) => known.kind === kind);
  const theirs = given.split("/")[0]!;
  return theirs === group || nearest(theirs, [group]) !== undefined;
}

/** Checks one resource of a manifest and fills in the defaults; the same rules as the API server's, all problems at once. */
export function validate(value: unknown): Validated {
  if (!isObject(value))
    return { resource: null, problems: [{ path: "", message: "must be an object with apiVersion, kind, metadata, spec" }] };
  const problems: Problem[] = [];
  if (value["apiVersion"] !== apiVersion)
    problems.push({ path: "apiVersion", message: `must be ${apiVersion}${instead(value["apiVersion"])}` });
  const names = kinds.map(({ kind }) => kind);
  const kind = kinds.find(({ kind }) => kind === value["kind"]);
  if (kind === undefined) {
    const meant = typeof value["kind"] === "string" ? nearest(value["kind"], names) : undefined;
    const hint = meant === undefined ? "" : `: did you mean ${meant}?`;
    problems.push({ path: "kind", message: `must be one of ${names.join(", ")}${instead(value["kind"])}${hint}` });
    return { resource: null, problems };
  }
  const { status: _status, ...given } = value;
  const checked = check(resourceSchema(kind, metadata.json), { ...given, metadata: ownMetadata(value["metadata"] ?? {}) }, []);
  problems.push(...checked.problems);
  // The schema that was checked is what the type comes from.
  return { resource: problems.length === 0 ? (checked.value as Resource) : null, problems };
}

const serverMetadata = ["managedFields", "ownerReferences", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"];

/** Without what only the API server writes, as `kubectl get -o yaml` shows it. */
function ownMetadata(metadata: unknown): unknown {
  if (!isObject(metadata)) return metadata;
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !serverMetadata.includes(name)));
}

const instead = (value: unknown): string => (value === undefined || value === null ? "" : `, not ${shown(value)}`);
