import { quotedName } from "./identifiers.ts";

/** Words that Snowflake's grammar keeps, so that they cannot be names without quotes. */
const reserved = new Set(
  `ACCOUNT ALL ALTER AND ANY AS BETWEEN BY CASE CAST CHECK COLUMN CONNECT CONNECTION CONSTRAINT CREATE CROSS CURRENT CURRENT_DATE
  CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DATABASE DELETE DISTINCT DROP ELSE EXISTS FALSE FOLLOWING FOR FROM FULL GRANT GROUP
  GSCLUSTER HAVING ILIKE IN INCREMENT INNER INSERT INTERSECT INTO IS ISSUE JOIN LATERAL LEFT LIKE LOCALTIME LOCALTIMESTAMP MINUS
  NATURAL NOT NULL OF ON OR ORDER ORGANIZATION QUALIFY REGEXP REVOKE RIGHT RLIKE ROW ROWS SAMPLE SCHEMA SELECT SET SOME START TABLE
  TABLESAMPLE THEN TO TRIGGER TRUE TRY_CAST UNION UNIQUE UPDATE USING VALUES VIEW WHEN WHENEVER WHERE WITH`.split(/\s+/),
);

/** Stored names in SQL that people read: quotes only where SQL needs them. `ANALYTICS.PUBLIC."Orders"`. */
export function readableName(...parts: readonly string[]): string {
  return parts.map((part) => (/^[A-Z_][A-Z0-9_$]*$/.test(part) && !reserved.has(part) ? part : quotedName(part))).join(".");
}

/** The stored names in a dotted name, as a manifest writes it or SHOW GRANTS does. */
export function nameParts(text: string): readonly string[] {
  return [...text.matchAll(/"((?:[^"]|"")+)"|([^".]+)/g)].map(([, quoted, bare]) =>
    quoted === undefined ? bare!.toUpperCase() : quoted.replaceAll('""', '"'),
  );
}
