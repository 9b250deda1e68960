/** Table functions that a pipeline's SQL may call: they make rows from their arguments and reach nothing else. */
export const tableFunctions: ReadonlySet<string> = new Set([
  "unnest",
  "range",
  "generate_series",
  "json_each",
  "json_tree",
  "repeat_row",
  "repeat",
]);

/** Scalar functions that tell of the database or act on it instead of computing from their arguments. */
const refusedScalars: ReadonlySet<string> = new Set([
  "add_parquet_key",
  "cast_to_type",
  "create_sort_key",
  "current_catalog",
  "current_connection_id",
  "current_database",
  "current_query",
  "current_query_id",
  "current_role",
  "current_schema",
  "current_schemas",
  "current_setting",
  "current_transaction_id",
  "current_user",
  "currval",
  "format_pg_type",
  "get_block_size",
  "getenv",
  "getvariable",
  "in_search_path",
  "json_deserialize_sql",
  "json_execute_serialized_sql",
  "json_serialize_plan",
  "json_serialize_sql",
  "nextval",
  "parse_duckdb_log_message",
  "session_user",
  "set_config",
  "setseed",
  "sleep_ms",
  "txid_current",
  "user",
  "write_log",
]);
/** `__internal_…` are the optimizer's; the others imitate PostgreSQL's catalog. `pg_typeof` and `pg_size_pretty` compute. */
const refusedPrefixes = ["__internal", "pg_", "has_", "inet_"];
const harmless: ReadonlySet<string> = new Set(["pg_typeof", "pg_size_pretty"]);

/** True for a scalar function that a pipeline's SQL may not call. */
export function isRefusedScalar(name: string): boolean {
  return refusedScalars.has(name) || (refusedPrefixes.some((prefix) => name.startsWith(prefix)) && !harmless.has(name));
}

/** Functions that answer otherwise when the same record is transformed again. */
export const nondeterministic: ReadonlySet<string> = new Set([
  "ago",
  "current_date",
  "current_localtime",
  "current_localtimestamp",
  "current_time",
  "current_timestamp",
  "gen_random_uuid",
  "get_current_time",
  "get_current_timestamp",
  "localtime",
  "localtimestamp",
  "now",
  "random",
  "today",
  "transaction_timestamp",
  "uuid",
  "uuidv4",
  "uuidv7",
]);

/** Those of `nondeterministic` and `refusedScalars` that SQL writes without parentheses, like a column. */
export const bareFunctions: ReadonlySet<string> = new Set([
  "current_catalog",
  "current_date",
  "current_role",
  "current_schema",
  "current_time",
  "current_timestamp",
  "current_user",
  "localtime",
  "localtimestamp",
  "session_user",
  "user",
]);

/** Functions that make a value as large as a number says, and which of their arguments says it (0-based). */
export const sizedBy: Readonly<Record<string, number>> = {
  array_resize: 1,
  bitstring: 1,
  list_resize: 1,
  lpad: 1,
  repeat: 1,
  rpad: 1,
};
/** Functions that make a list of what lies between two numbers. */
export const ranges: ReadonlySet<string> = new Set(["generate_series", "range"]);

/** Macros that aggregate; the aggregates themselves are in DuckDB's catalog. */
export const aggregateMacros: readonly string[] = [
  "geomean",
  "geometric_mean",
  "json_group_array",
  "json_group_object",
  "json_group_structure",
  "wavg",
  "weighted_avg",
];
