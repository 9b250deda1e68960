/** An error of DuckDB, taken apart. */
export interface DatabaseError {
  /** DuckDB's own kind: `Binder`, `Conversion`, `Out of Memory` … */
  readonly kind: string;
  readonly message: string;
  /** 0-based byte in the statement, where known. */
  readonly offset: number | null;
  /** Names that might have been meant, the likeliest first. */
  readonly candidates: readonly string[];
  /** What a Binder error is about: `COLUMN_NOT_FOUND`, `MISSING_ENTRY`, `NO_MATCHING_FUNCTION` … */
  readonly subtype: string | null;
  /** The name it is about. */
  readonly name: string | null;
}

/** Takes an error thrown by a database with `errors_as_json` apart. Null: it is none of DuckDB's. */
export function databaseError(error: unknown): DatabaseError | null {
  if (!(error instanceof Error)) return null;
  const json = error.message.indexOf('{"exception_type"');
  if (json < 0) {
    const plain = /^([A-Z][A-Za-z ]+?) Error: (.*)$/s.exec(error.message);
    return plain === null
      ? null
      : { kind: plain[1]!, message: plain[2]!, offset: null, candidates: [], subtype: null, name: null };
  }
  const fields = parsed(error.message.slice(json));
  if (fields === null)
    return { kind: "INTERNAL", message: "an error that is no JSON", offset: null, candidates: [], subtype: null, name: null };
  const position = Number(fields["position"] ?? Number.NaN);
  const candidates = fields["candidates"] ?? "";
  return {
    kind: fields["exception_type"] ?? "",
    message: fields["exception_message"] ?? "",
    offset: Number.isInteger(position) ? position : null,
    candidates: candidates === "" ? [] : candidates.split(","),
    subtype: fields["error_subtype"] ?? null,
    name: fields["name"] ?? null,
  };
}

function parsed(text: string): Record<string, string> | null {
  try {
    return JSON.parse(text) as Record<string, string>;
  } catch {
    return null;
  }
}
