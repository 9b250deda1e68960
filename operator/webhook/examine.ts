import type { Problem } from "../../crds/check.ts";
import type { Pipeline } from "../../crds/kinds/pipeline.ts";
import { validate } from "../../crds/validate.ts";
import type { Compiler } from "../compile/compiler.ts";
import { windowProblems } from "../scaling/window-problems.ts";
import type { Admission } from "./admission-review.ts";
import { checkConnections, checkUsers } from "./connection-checks.ts";
import { checkGroup } from "./group-check.ts";
import type { Neighbours } from "./neighbours.ts";

/** What objects are examined with. */
export interface Examiner {
  readonly compiler: Pick<Compiler, "compile">;
  readonly neighbours: Neighbours;
}

/** An object in its place. */
export interface Subject {
  readonly namespace: string;
  readonly object: unknown;
  /** True where it is about to be made: nobody relies on it yet. */
  readonly isNew: boolean;
}

/** All that is wrong with a Pipeline or a Connection, as it is or would become. Never throws for what it cannot find out: it warns. */
export async function examine(subject: Subject, examiner: Examiner, signal: AbortSignal): Promise<Admission> {
  const { resource, problems } = validate(subject.object);
  if (resource === null) return { problems, warnings: [] };
  if (resource.kind === "Connection") {
    const metadata = { ...resource.metadata, namespace: subject.namespace };
    const stranded = checkUsers({ ...resource, metadata }, examiner.neighbours);
    // A Pipeline that is wrong must not keep a right Connection from being made.
    return subject.isNew ? { problems: [], warnings: stranded.map(problemText) } : { problems: stranded, warnings: [] };
  }
  const found = await Promise.all([
    compiled(resource, examiner, signal),
    connected(subject.namespace, resource, { neighbours: examiner.neighbours, signal }),
  ]);
  const candidate = { namespace: subject.namespace, name: resource.metadata.name, spec: resource.spec };
  return {
    problems: [
      ...found.flatMap((part) => part.problems),
      ...checkGroup(candidate, examiner.neighbours),
      ...(resource.spec.scaling === undefined ? [] : windowProblems(resource.spec.scaling)),
    ],
    warnings: found.flatMap((part) => part.warnings),
  };
}

async function compiled({ spec }: Pipeline, { compiler }: Examiner, signal: AbortSignal): Promise<Admission> {
  try {
    const { problems, warnings } = await compiler.compile(spec, signal);
    return { problems, warnings: warnings.map(problemText) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      problems: [],
      warnings: [`spec.transform.sql: not compiled yet, the operator does so before anything runs with it (${why})`],
    };
  }
}

async function connected(
  namespace: string,
  pipeline: Pipeline,
  { neighbours, signal }: { readonly neighbours: Neighbours; readonly signal: AbortSignal },
): Promise<Admission> {
  try {
    return await checkConnections({ namespace, pipeline }, neighbours, signal);
  } catch {
    return {
      problems: [],
      warnings: ["spec: whether its Connections are there could not be found out now; the operator says so on the resource"],
    };
  }
}

/** `spec.transform.sql: …`: as kubectl shows it. */
export const problemText = ({ path, message }: Problem): string => `${path}: ${message}`;
