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
  /** Longest text in characters (Unicode code points), likewise. */
  readonly charactersMax?: number;
  /** Smallest and largest value, where the sink takes less than the type holds: texts that cast to the type. */
  readonly within?: readonly [min: string, max: string];
  /** True: NaN and Infinity, which DuckDB lets into JSON, are not taken. */
  readonly strictJson?: boolean;
  /** True: the column travels in `Rows` as text, whatever `parquetType` says, because the sink reads texts more exactly. */
  readonly asText?: boolean;
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
