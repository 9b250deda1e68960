import type { Problem } from "../../crds/check.ts";
import { isObject } from "../../crds/explain.ts";

/** What an API server asks, as far as it is read. https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/ */
export interface AdmissionRequest {
  readonly uid: string;
  /** CREATE, UPDATE, DELETE or CONNECT. */
  readonly operation: string;
  readonly subResource: string;
  readonly namespace: string;
  /** Empty where the API server is to complete it. */
  readonly name: string;
  /** As it would be stored, defaults included; null for a DELETE. */
  readonly object: unknown;
  /** As it is; null for a CREATE. */
  readonly oldObject: unknown;
}

/** What is said about an object: it is refused where there are problems. */
export interface Admission {
  readonly problems: readonly Problem[];
  /** Shown by kubectl, whether it is refused or not. */
  readonly warnings: readonly string[];
}

const reviewVersion = "admission.k8s.io/v1";
/** API servers cut longer warnings, and drop all beyond 4096 characters. */
const warningCharactersMax = 256;
const warningsMax = 12;
/** Problems that an answer lists: a page of them, so that it never grows with the object. */
const problemsMax = 50;

/** Reads the body of a request. A string is what is wrong with it. */
export function readReview(body: string): AdmissionRequest | string {
  let review: unknown;
  try {
    review = JSON.parse(body);
  } catch {
    return "the body is not JSON";
  }
  if (!isObject(review) || review["apiVersion"] !== reviewVersion || review["kind"] !== "AdmissionReview")
    return `the body is no AdmissionReview of ${reviewVersion}`;
  const { request } = review;
  if (!isObject(request) || typeof request["uid"] !== "string" || typeof request["operation"] !== "string")
    return "the AdmissionReview has no request with uid and operation";
  const text = (name: string): string => (typeof request[name] === "string" ? request[name] : "");
  return {
    uid: request["uid"],
    operation: request["operation"],
    subResource: text("subResource"),
    namespace: text("namespace"),
    name: text("name"),
    object: request["object"] ?? null,
    oldObject: request["oldObject"] ?? null,
  };
}

/** The answer: 422 with all problems, one per line, or a yes. */
export function reviewAnswer({ uid, object }: AdmissionRequest, { problems, warnings }: Admission): unknown {
  const listed = problems.slice(0, problemsMax);
  const lines = listed.map(({ path, message }) => `${path}: ${message}`);
  if (problems.length > listed.length) lines.push(`and ${problems.length - listed.length} more`);
  const { kind, metadata } = (isObject(object) ? object : {}) as { kind?: string; metadata?: { name?: string } };
  const status = {
    status: "Failure",
    code: 422,
    reason: "Invalid",
    message: lines.join("\n"),
    // What kubectl shows of a refusal for this reason, and what tools read.
    details: {
      name: metadata?.name,
      group: "snowline.dev",
      kind,
      causes: listed.map(({ path, message }) => ({ reason: "FieldValueInvalid", field: path, message })),
    },
  };
  return {
    apiVersion: reviewVersion,
    kind: "AdmissionReview",
    response: {
      uid,
      allowed: problems.length === 0,
      ...(problems.length === 0 ? {} : { status }),
      ...(warnings.length === 0 ? {} : { warnings: [...new Set(warnings)].slice(0, warningsMax).map(shortened) }),
    },
  };
}

const shortened = (text: string): string =>
  text.length <= warningCharactersMax ? text : `${text.slice(0, warningCharactersMax - 1)}…`;
