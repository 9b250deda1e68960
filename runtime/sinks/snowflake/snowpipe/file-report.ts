/** What a load history says of a file. */
export type FileReport =
  | { readonly kind: "loaded"; readonly rows: number }
  /** Rows that could not be loaded were left out, as ON_ERROR = CONTINUE does. */
  | { readonly kind: "partly"; readonly rows: number; readonly error: string }
  /** Not one row was loaded. */
  | { readonly kind: "failed"; readonly error: string }
  | { readonly kind: "loading" };

/** An error as a history has it. Its message may quote a row. */
export interface ReportedError {
  readonly message: string | null;
  readonly column: string | null;
  readonly line: number | null;
}

/** What a status of insertReport, loadHistoryScan or COPY_HISTORY says. */
export function fileReport(status: string, rows: number, error: ReportedError): FileReport {
  switch (status.toUpperCase().replaceAll(" ", "_")) {
    case "LOADED":
      return { kind: "loaded", rows };
    case "PARTIALLY_LOADED":
      return { kind: "partly", rows, error: errorText(error) };
    case "LOAD_FAILED":
    case "FAILED":
      return { kind: "failed", error: errorText(error) };
    default:
      return { kind: "loading" };
  }
}

/** Characters of Snowflake's message that are told. */
const messageCharactersMax = 200;

/** Says what is wrong without the row's values, which Snowflake puts into single quotes. */
function errorText({ message, column, line }: ReportedError): string {
  const what = (message ?? "")
    .replaceAll(/'(?:[^']|'')*'?/g, "'…'")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, messageCharactersMax);
  const place = [...(column === null || column === "" ? [] : [`column ${column}`]), ...(line === null ? [] : [`row ${line}`])];
  return `${what === "" ? "Snowflake gives no reason" : what}${place.length === 0 ? "" : ` (${place.join(", ")})`}`;
}
