/** A column as DuckDB sees it. */
export interface Column {
  readonly name: string;
  /** DuckDB type in DuckDB's own spelling: `VARCHAR`, `DECIMAL(18,2)`, `STRUCT(id VARCHAR)`. */
  readonly type: string;
}

/** A column of the table rows go to, as the sink found or made it. */
export interface TargetColumn extends Column {
  /** False: a row whose value is NULL is rejected. */
  readonly nullable: boolean;
  /** Longest text or binary value in bytes, where the sink has a limit. */
  readonly bytesMax?: number;
}

/** What every row can see of its record besides the declared columns; spliced in only where the SQL names it. */
export const metaColumns = {
  _topic: "VARCHAR",
  _partition: "INTEGER",
  _offset: "BIGINT",
  _timestamp: "TIMESTAMPTZ",
  _key: "VARCHAR",
  _headers: "MAP(VARCHAR, VARCHAR)",
} as const;
/** Name of a metadata column. */
export type MetaColumn = keyof typeof metaColumns;
