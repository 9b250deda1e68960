/** Errors of the network that say that no byte of the request was sent. */
const beforeSending: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** There was no answer, or it broke off. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  /** True where the server cannot have seen the request. */
  readonly unsent: boolean;

  constructor(server: string, why: unknown) {
    const code = typeof why === "string" ? why : codeOf(why);
    super(`API server ${server}: no answer (${code})`, typeof why === "string" ? {} : { cause: why });
    this.unsent = beforeSending.has(code);
  }
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  const { code, name, message } = error as NodeJS.ErrnoException;
  return code ?? (name === "Error" || name === "TypeError" ? message : name);
}
