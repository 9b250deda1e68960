import { ApiError } from "./api-error.ts";
import type { ResourceType } from "./resource-type.ts";

/** What a request was about, for messages: `get Deployment demo/orders`. */
export interface Subject {
  readonly verb: string;
  readonly type: ResourceType;
  /** Key of the object, or what was selected. */
  readonly what: string;
}

/** A Status of the API server. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
interface Status {
  readonly kind?: string;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

/** Longest message kept, in characters: an admission webhook may write what it likes. */
const messageLengthMax = 4096;

/** The server does not have the type, such as a CRD that is not installed. Ours, not Kubernetes'. */
const typeNotServed = "TypeNotServed";

const reasons: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  410: "Gone",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

/** The error for an answer that is not 2xx, in Kubernetes' own words where it has some. */
export function refusal(
  subject: Subject,
  answer: { readonly status: number; readonly retryAfterMs: number | null; readonly text: string },
): ApiError {
  const status = statusIn(answer.text);
  const retryAfterMs = answer.retryAfterMs ?? (status?.details?.retryAfterSeconds ?? 0) * 1000;
  // A type that is not there is answered by the router, without a Status.
  const words = status?.message ?? (answer.status === 404 ? "the server does not have this type" : answer.text.trim());
  return new ApiError(`${sentenceOf(subject)}: ${words.slice(0, messageLengthMax)}`, {
    code: answer.status,
    reason: status?.reason || (answer.status === 404 ? typeNotServed : (reasons[answer.status] ?? `Http${answer.status}`)),
    retryAfterMs: retryAfterMs > 0 ? retryAfterMs : null,
  });
}

/** The error for a line of type ERROR in a watch, whose object is a Status. */
export function watchRefusal(subject: Subject, object: unknown): ApiError {
  const { code = 500, reason, message, details } = (object ?? {}) as Status;
  return new ApiError(`${sentenceOf(subject)}: ${(message ?? "the watch failed").slice(0, messageLengthMax)}`, {
    code,
    reason: reason || (reasons[code] ?? `Http${code}`),
    retryAfterMs: details?.retryAfterSeconds ? details.retryAfterSeconds * 1000 : null,
  });
}

const sentenceOf = ({ verb, type, what }: Subject): string => `${verb} ${type.kind} ${what}`.trimEnd();

function statusIn(text: string): Status | null {
  try {
    const body = JSON.parse(text) as Status | null;
    return body?.kind === "Status" ? body : null;
  } catch {
    return null;
  }
}
