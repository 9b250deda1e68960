/** Snowflake's bound on the length of a name. */
export const nameCharactersMax = 255;

/** A name of the manifest as Snowflake stores it: unquoted ones in upper case, quoted ones as they are written. */
export function identifier(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text.toUpperCase();
}

/** A stored name in SQL. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as an SQL literal. Snowflake reads backslashes in it as escapes. */
export function textLiteral(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
