/** The API server refused a request. `reason` is Kubernetes' own: NotFound, AlreadyExists, Conflict, Expired, Invalid, Forbidden, TooManyRequests …; `TypeNotServed`, ours, where the server does not have the type. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** HTTP status. */
  readonly code: number;
  readonly reason: string;
  /** What the server asked to wait before the next try, in milliseconds; null where it did not. */
  readonly retryAfterMs: number | null;

  constructor(
    message: string,
    status: { readonly code: number; readonly reason: string; readonly retryAfterMs?: number | null },
  ) {
    super(message);
    this.code = status.code;
    this.reason = status.reason;
    this.retryAfterMs = status.retryAfterMs ?? null;
  }
}

/** True for an ApiError with this reason. */
export function isApiError(error: unknown, ...reasons: readonly string[]): error is ApiError {
  return error instanceof ApiError && reasons.includes(error.reason);
}
