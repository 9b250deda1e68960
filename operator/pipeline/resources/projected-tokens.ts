import { posix } from "node:path";
import type { Problem } from "../../../crds/check.ts";
import type { ConnectionSpec } from "../../../crds/kinds/connection.ts";
import type { PodOverrides } from "../../../crds/kinds/pod-overrides.ts";
import type { RevisionContent } from "../observed.ts";
import { isWithin } from "./path-within.ts";
import { podPath, type ProjectedToken } from "./pod-volumes.ts";

/** Whom Snowflake's workload identity wants a token to be for. */
const snowflakeAudience = "snowflakecomputing.com";

/**
 * Tokens of the pod's ServiceAccount that the Connections sign in with. One that lies in a volume of the owner's is the owner's own.
 * A file that Kafka's OAUTHBEARER reads is always the owner's to mount: nobody but him knows whom it is for.
 */
export function projectedTokens(
  connections: RevisionContent["connections"],
  { volumeMounts = [] }: PodOverrides,
): { readonly tokens: readonly ProjectedToken[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const tokens = connections.flatMap(({ name, spec }): ProjectedToken[] => {
    const path = (spec as ConnectionSpec).snowflake?.auth.workloadIdentity?.tokenPath;
    if (path === undefined || volumeMounts.some(({ mountPath }) => isWithin(path, mountPath))) return [];
    const wrong = pathProblem(path);
    if (wrong === null) return [{ path, audience: snowflakeAudience }];
    problems.push({ path: `Connection ${name}: spec.snowflake.auth.workloadIdentity.tokenPath`, message: wrong });
    return [];
  });
  return { tokens, problems };
}

function pathProblem(path: string): string | null {
  const proposal = "such as /var/run/secrets/snowflake/token";
  if (!posix.isAbsolute(path) || path !== posix.normalize(path) || path.endsWith("/") || path.includes(":"))
    return `"${path}" must be the absolute path of a file, ${proposal}`;
  const directory = posix.dirname(path);
  const taken = Object.values(podPath).find((other) => isWithin(other, directory) || isWithin(directory, other));
  return taken === undefined
    ? null
    : `"${path}": a volume at ${directory} would hide ${taken}, or lie in it: take a path ${proposal}`;
}
