/** `text` as an SQL string. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Equal as DuckDB compares names: without regard to case. */
export function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** What Snowline's own columns and tables begin with, so that no owner's name meets them. */
export const reservedPrefix = "__snowline_";
