import type { Problem } from "../../../crds/check.ts";
import { changeOf } from "../change-of.ts";
import type { Observed, Revision } from "../observed.ts";
import type { OperatorSettings } from "../plan.ts";
import { identityOf, revisionOf } from "../revision.ts";
import { revisionOfDeployment } from "./judge-rollout.ts";
import { unresolvedIn } from "./unresolved.ts";

/** What the spec asks to run, or what keeps it from it. */
export interface Wanted {
  /** null where there is a problem. */
  readonly revision: Revision | null;
  /** What is wrong with the spec itself. */
  readonly invalid: readonly Problem[];
  /** Which Connection, Secret or ConfigMap is not there, or of the wrong kind. */
  readonly unresolved: readonly Problem[];
}

/** The revision that was made for this very spec and what it refers to; null: there is none yet, and the spec is to be checked. */
export function revisionOfIdentity(
  observed: Pick<Observed, "pipeline" | "connections" | "references" | "revisions">,
): Revision | null {
  const identity = identityOf(observed);
  return observed.revisions.find((revision) => revision.identity === identity) ?? null;
}

/**
 * Finds out which revision the spec asks for. One that has the same content as one that is there is that one, under its new
 * identity; so a pipeline that is only scaled, or read back with the defaults of newer definitions, rolls nothing.
 */
export function wantedOf(observed: Observed, settings: OperatorSettings): Wanted {
  const known = revisionOfIdentity(observed);
  if (known !== null) return { revision: known, invalid: [], unresolved: [] };
  const invalid = observed.specProblems ?? [];
  const unresolved = unresolvedIn(observed);
  if (invalid.length > 0 || unresolved.length > 0) return { revision: null, invalid, unresolved };
  const { revision, problems } = revisionOf(observed, settings);
  if (revision === null) {
    const ofConnections = problems.filter(({ path }) => path.startsWith("Connection "));
    return { revision, invalid: problems.filter((problem) => !ofConnections.includes(problem)), unresolved: ofConnections };
  }
  return { revision: sameAs(revision, observed) ?? asItRuns(revision, observed), invalid, unresolved };
}

/** One that is there already, with the new identity. */
function sameAs(revision: Revision, observed: Observed): Revision | null {
  const running = runningRevision(observed);
  const same =
    observed.revisions.find(({ hash }) => hash === revision.hash) ??
    (running !== null && changeOf(running.content, revision.content).kind === "ignore" ? running : null);
  return same === null ? null : { ...same, identity: revision.identity };
}

/** The revision that the pods are to run now; null where there is none. */
export function runningRevision({ deployment, pipeline, revisions }: Observed): Revision | null {
  const hash = revisionOfDeployment(deployment) ?? pipeline.status?.revision;
  return revisions.find((revision) => revision.hash === hash) ?? null;
}

/** A revision whose ConfigMap was deleted under its pods is made again with their template: nothing of theirs changed. */
function asItRuns(revision: Revision, { deployment }: Observed): Revision {
  const template = deployment?.spec.template;
  return template !== undefined && revisionOfDeployment(deployment) === revision.hash ? { ...revision, template } : revision;
}
