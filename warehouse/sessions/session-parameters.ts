/** A parameter as the wire has it: drivers want its JSON type. */
export interface WireParameter {
  readonly name: string;
  readonly value: string | number | boolean;
}

/** Parameters that a client learns, with the values they have where nobody has set them. */
const defaults: Readonly<Record<string, string | number | boolean>> = {
  ABORT_DETACHED_QUERY: false,
  AUTOCOMMIT: true,
  BINARY_INPUT_FORMAT: "HEX",
  BINARY_OUTPUT_FORMAT: "HEX",
  CLIENT_DISABLE_INCIDENTS: true,
  CLIENT_ENABLE_LOG_INFO_STATEMENT_PARAMETERS: false,
  CLIENT_HONOR_CLIENT_TZ_FOR_TIMESTAMP_NTZ: true,
  CLIENT_MEMORY_LIMIT: 1536,
  CLIENT_METADATA_REQUEST_USE_CONNECTION_CTX: false,
  CLIENT_METADATA_USE_SESSION_DATABASE: false,
  CLIENT_PREFETCH_THREADS: 4,
  CLIENT_RESULT_CHUNK_SIZE: 160,
  CLIENT_RESULT_COLUMN_CASE_INSENSITIVE: false,
  CLIENT_RESULT_PREFETCH_SLOTS: 2,
  CLIENT_RESULT_PREFETCH_THREADS: 1,
  CLIENT_SESSION_KEEP_ALIVE: false,
  CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY: 3600,
  CLIENT_STAGE_ARRAY_BINDING_THRESHOLD: 65_280,
  // Nobody here reads what drivers tell of themselves.
  CLIENT_OUT_OF_BAND_TELEMETRY_ENABLED: false,
  CLIENT_TELEMETRY_ENABLED: false,
  CLIENT_TIMESTAMP_TYPE_MAPPING: "TIMESTAMP_LTZ",
  CLIENT_USE_V1_QUERY_API: true,
  DATE_INPUT_FORMAT: "AUTO",
  DATE_OUTPUT_FORMAT: "YYYY-MM-DD",
  ENABLE_STAGE_S3_PRIVATELINK_FOR_US_EAST_1: false,
  // Rows travel as JSON: every driver reads that, whatever it prefers.
  GO_QUERY_RESULT_FORMAT: "JSON",
  JDBC_QUERY_RESULT_FORMAT: "JSON",
  ODBC_QUERY_RESULT_FORMAT: "JSON",
  PYTHON_CONNECTOR_QUERY_RESULT_FORMAT: "JSON",
  JDBC_RS_COLUMN_CASE_INSENSITIVE: false,
  JDBC_ENABLE_COMBINED_DESCRIBE: false,
  JDBC_EXECUTE_RETURN_COUNT_FOR_DML: false,
  JDBC_TREAT_DECIMAL_AS_INT: true,
  JDBC_TREAT_TIMESTAMP_NTZ_AS_UTC: false,
  JDBC_USE_SESSION_TIMEZONE: true,
  JSON_INDENT: 2,
  LOCK_TIMEOUT: 43_200,
  MULTI_STATEMENT_COUNT: 1,
  QUERY_CONTEXT_CACHE_SIZE: 5,
  QUERY_TAG: "",
  SERVICE_NAME: "",
  STATEMENT_TIMEOUT_IN_SECONDS: 172_800,
  TIMESTAMP_DAY_IS_ALWAYS_24H: true,
  TIMESTAMP_INPUT_FORMAT: "AUTO",
  TIMESTAMP_LTZ_OUTPUT_FORMAT: "",
  TIMESTAMP_NTZ_OUTPUT_FORMAT: "YYYY-MM-DD HH24:MI:SS.FF3",
  TIMESTAMP_OUTPUT_FORMAT: "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM",
  TIMESTAMP_TYPE_MAPPING: "TIMESTAMP_NTZ",
  TIMESTAMP_TZ_OUTPUT_FORMAT: "",
  TIMEZONE: "UTC",
  TIME_INPUT_FORMAT: "AUTO",
  TIME_OUTPUT_FORMAT: "HH24:MI:SS",
  TRANSACTION_ABORT_ON_ERROR: false,
  TRANSACTION_DEFAULT_ISOLATION_LEVEL: "READ COMMITTED",
  USE_CACHED_RESULT: true,
  WEEK_OF_YEAR_POLICY: 0,
  WEEK_START: 0,
};

/** All parameters with what this session has set. */
export function wireParameters(set: ReadonlyMap<string, string>): readonly WireParameter[] {
  const names = new Set([...Object.keys(defaults), ...set.keys()]);
  return [...names].map((name) => ({ name, value: typed(name, set.get(name)) }));
}

/** A parameter's value, set or not; null where there is no such parameter. */
export function sessionParameter(set: ReadonlyMap<string, string>, name: string): string | null {
  return set.get(name) ?? (defaults[name] === undefined ? null : String(defaults[name]));
}

/** The value a parameter has where nobody has set it; null where there is no such parameter. */
export function parameterDefault(name: string): string | null {
  return defaults[name] === undefined ? null : String(defaults[name]);
}

function typed(name: string, set: string | undefined): string | number | boolean {
  const byDefault = defaults[name];
  if (set === undefined) return byDefault ?? "";
  switch (typeof byDefault) {
    case "boolean":
      return set.toUpperCase() === "TRUE";
    case "number":
      return Number(set);
    default:
      return set;
  }
}
