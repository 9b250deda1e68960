/** What FLATTEN is called with. */
export interface FlattenOptions {
  /** DuckDB's SQL of its input: JSON. */
  readonly input: string;
  /** The input is one value, of no other relation's columns. */
  readonly isFree: boolean;
  readonly outer: boolean;
  readonly recursive: boolean;
  /** The statement reads THIS: the whole input beside every row, which is much. */
  readonly hasThis: boolean;
}

const names = `"SEQ", "KEY", "PATH", "INDEX", "VALUE", "THIS"`;

/** DuckDB's relation for FLATTEN, in parentheses. Its rows are in the input's order where that is one value. */
export function flattenSql({ input, isFree, outer, recursive, hasThis }: FlattenOptions): string {
  const whole = hasThis ? "j" : "CAST(NULL AS JSON)";
  // A value of a column has to come from a relation; one that stands for itself is read once.
  const from = isFree
    ? `${recursive ? "json_tree" : "json_each"}(${input}) AS e, (SELECT json_type(${input}) AS t${hasThis ? `, ${input} AS j` : ""}) AS s`
    : `(SELECT ${input} AS j, json_type(${input}) AS t) AS s, ${recursive ? "json_tree" : "json_each"}(s.j) AS e`;
  const rows = recursive
    ? `SELECT 1 AS "SEQ", CASE WHEN TRY_CAST(e.key AS BIGINT) IS NULL THEN e.key END AS "KEY", e.fullkey[3:] AS "PATH",
         TRY_CAST(e.key AS BIGINT) AS "INDEX", e.value AS "VALUE", ${whole} AS "THIS", e.id AS n
       FROM ${from} WHERE e.key IS NOT NULL`
    : `SELECT 1 AS "SEQ", CASE WHEN s.t = 'OBJECT' THEN e.key END AS "KEY",
         CASE WHEN s.t = 'ARRAY' THEN '[' || e.key || ']' ELSE e.key END AS "PATH",
         CASE WHEN s.t = 'ARRAY' THEN CAST(e.key AS BIGINT) END AS "INDEX", e.value AS "VALUE", ${whole} AS "THIS", e.id AS n
       FROM ${from} WHERE s.t IN ('ARRAY', 'OBJECT')`;
  const empty = `SELECT 1, NULL, NULL, NULL, NULL, ${whole}, 0 FROM (SELECT ${input} AS j) AS s
    WHERE j IS NULL OR CAST(j AS VARCHAR) IN ('[]', '{}') OR json_type(j) NOT IN ('ARRAY', 'OBJECT')`;
  return `(SELECT ${names} FROM (${rows}${outer ? ` UNION ALL ${empty}` : ""})${isFree ? " ORDER BY n" : ""})`;
}
