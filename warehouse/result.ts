import type { SnowflakeType } from "./engine/snowflake-type.ts";

/** A column of a result. */
export interface ResultColumn {
  readonly name: string;
  readonly type: SnowflakeType;
  readonly nullable: boolean;
}

/** What a statement answers. Values are texts in the wire's form (facts: booleans "1" and "0", dates as days, timestamps as "seconds.nanos"). */
export interface StatementResult {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly (string | null)[])[];
  /** Snowflake's number for the kind of statement: 4096 SELECT, 12544 INSERT, … */
  readonly typeId: number;
  /** Members for `data` of the answer besides these, such as those of a PUT. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** Bytes of the files that it read, as they lay in their stage. */
  readonly bytesScanned?: number;
}

/** A statement that failed, as Snowflake tells it. */
export class SnowflakeError extends Error {
  override readonly name = "SnowflakeError";
  /** Six digits, such as `002003`. */
  readonly code: string;
  readonly sqlState: string;
  constructor(code: string, sqlState: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.sqlState = sqlState;
  }
}
