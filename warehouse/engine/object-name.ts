/** A table's, view's, stage's or pipe's whole name, letters as stored (unquoted names are upper case). */
export interface ObjectName {
  readonly database: string;
  readonly schema: string;
  readonly name: string;
}

/** The name as Snowflake's messages show it: parts are quoted only where they must be. */
export function objectText({ database, schema, name }: ObjectName): string {
  return [database, schema, name].map(identifierText).join(".");
}

/** An identifier as SQL would write it. */
export function identifierText(identifier: string): string {
  return /^[A-Z_][A-Z0-9_$]*$/.test(identifier) ? identifier : `"${identifier.replaceAll('"', '""')}"`;
}
