import { isDeepStrictEqual } from "node:util";
import type { Problem } from "../../crds/check.ts";
import { isObject } from "../../crds/explain.ts";
import { parsePath } from "../../crds/path.ts";
import type { Admission, AdmissionRequest } from "./admission-review.ts";
import { type Examiner, examine, problemText } from "./examine.ts";

const fine: Admission = { problems: [], warnings: [] };

/**
 * Says whether an object may become what a request wants. Whatever takes something away or leaves the spec alone may be: deleting,
 * finalizers, labels, status. What was wrong before and stays as it was is a warning, so that an object that an earlier version
 * took can still be suspended, scaled and repaired a field at a time.
 */
export async function admit(request: AdmissionRequest, examiner: Examiner, signal: AbortSignal): Promise<Admission> {
  const { operation, subResource, namespace, object, oldObject } = request;
  if ((operation !== "CREATE" && operation !== "UPDATE") || subResource !== "" || isEnding(object)) return fine;
  if (operation === "UPDATE" && isDeepStrictEqual(specOf(object), specOf(oldObject))) return fine;
  const found = await examine({ namespace, object: named(request), isNew: operation === "CREATE" }, examiner, signal);
  if (operation === "CREATE" || found.problems.length === 0) return found;
  const before = await examine({ namespace, object: oldObject, isNew: false }, examiner, signal);
  const stands = (problem: Problem): boolean =>
    before.problems.some((other) => other.path === problem.path && other.message === problem.message) &&
    isDeepStrictEqual(valueAt(object, problem.path), valueAt(oldObject, problem.path));
  return {
    problems: found.problems.filter((problem) => !stands(problem)),
    warnings: [
      ...found.warnings,
      ...found.problems.filter(stands).map((problem) => `${problemText(problem)} (it was so before)`),
    ],
  };
}

const specOf = (object: unknown): unknown => (isObject(object) ? object["spec"] : undefined);

function isEnding(object: unknown): boolean {
  return isObject(object) && isObject(object["metadata"]) && object["metadata"]["deletionTimestamp"] !== undefined;
}

/** The object with a name: one that the API server is to complete has none yet, and is right to have none. */
function named({ object }: AdmissionRequest): unknown {
  if (!isObject(object) || !isObject(object["metadata"])) return object;
  const { name, generateName } = object["metadata"];
  if (typeof name === "string" || typeof generateName !== "string") return object;
  // A dash at its end is what completes it.
  return { ...object, metadata: { ...object["metadata"], name: `${generateName}0` } };
}

const valueAt = (value: unknown, path: string): unknown =>
  parsePath(path).reduce<unknown>(
    (inside, step) => (Array.isArray(inside) ? inside[Number(step)] : isObject(inside) ? inside[step] : undefined),
    value,
  );
