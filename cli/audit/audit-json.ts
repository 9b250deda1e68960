import type { Audit } from "./audit-text.ts";

/** The audit as `--output json` writes it. Times are ISO 8601. */
export function auditJson({ pipeline, table, window, statements, files, credits }: Audit): string {
  const iso = (ms: number): string => new Date(ms).toISOString();
  return JSON.stringify(
    {
      pipeline,
      table,
      from: iso(window.fromMs),
      to: iso(window.toMs),
      complete: statements.complete && files?.complete !== false,
      runs: statements.runs,
      statements: statements.kinds,
      failures: statements.failures.map(({ lastMs, ...failure }) => ({ ...failure, last: iso(lastMs) })),
      files:
        files === null
          ? null
          : { loaded: files.loaded, failed: files.failed, rows: files.rows, bytes: files.bytes, failures: files.failures },
      credits: credits.kind === "visible" ? { warehouse: credits.warehouse, used: credits.credits } : { hidden: credits.why },
    },
    null,
    2,
  );
}
