/** The text of a value as Snowflake's cast to VARCHAR gives it, whatever its type. Dead branches are cut when DuckDB plans. */
const text = `CASE
  WHEN typeof(x) = 'VARCHAR' THEN CAST(x AS VARCHAR)
  WHEN typeof(x) = 'JSON' THEN json_extract_string(CAST(x AS VARCHAR), '$')
  WHEN typeof(x) = 'BLOB' THEN hex(CAST(CAST(x AS VARCHAR) AS BLOB))
  WHEN typeof(x) = 'DOUBLE' THEN regexp_replace(CAST(x AS VARCHAR), '\\.0$', '')
  WHEN typeof(x) IN ('TIMESTAMP', 'TIMESTAMP_NS', 'TIMESTAMP_S', 'TIMESTAMP_MS')
    THEN strftime(CAST(CAST(x AS VARCHAR) AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g')
  WHEN typeof(x) = 'TIMESTAMP WITH TIME ZONE' THEN strftime(CAST(CAST(x AS VARCHAR) AS TIMESTAMPTZ), '%Y-%m-%d %H:%M:%S.%g') || ' Z'
  WHEN typeof(x) LIKE '%[]' OR typeof(x) LIKE 'STRUCT%' OR typeof(x) LIKE 'MAP%' THEN CAST(to_json(x) AS VARCHAR)
  ELSE CAST(x AS VARCHAR) END`;

/** A value as VARIANT: JSON whose numbers keep all digits. */
const variant = `CASE
  WHEN x IS NULL THEN NULL
  WHEN typeof(x) = 'JSON' THEN CAST(CAST(x AS VARCHAR) AS JSON)
  WHEN typeof(x) LIKE 'DECIMAL%' THEN CAST(CASE WHEN contains(CAST(x AS VARCHAR), '.')
    THEN rtrim(rtrim(CAST(x AS VARCHAR), '0'), '.') ELSE CAST(x AS VARCHAR) END AS JSON)
  WHEN typeof(x) LIKE 'TIMESTAMP%' OR typeof(x) = 'BLOB' THEN to_json(sf_text(x))
  ELSE to_json(x) END`;

/** Begins the names of those that answer JSON's type in Snowflake's words. */
const kindOf = `CASE json_type(x) WHEN 'UBIGINT' THEN 'INTEGER' WHEN 'BIGINT' THEN 'INTEGER' WHEN 'HUGEINT' THEN 'INTEGER'
  WHEN 'DOUBLE' THEN 'DECIMAL' WHEN 'NULL' THEN 'NULL_VALUE' ELSE json_type(x) END`;

const isNumeric = `(typeof(x) LIKE 'DECIMAL%' OR typeof(x) LIKE '%INT%' OR (typeof(x) = 'VARCHAR' AND regexp_full_match(CAST(x AS VARCHAR), '-?\\d+')))`;

/**
 * Functions of Snowflake that DuckDB has not, or has otherwise. `error` gives "code|SQL state|message", which snowflakeError reads.
 * Values of rows are in these messages as in Snowflake's.
 */
export const macros: readonly string[] = [
  ["sf_text(x)", text],
  ["sf_variant(x)", variant],
  [
    "sf_fit_text(x, characters)",
    "CASE WHEN length(x) > characters THEN error('100078|22000|String ''' || left(x, 64) || ''' is too long and would be truncated') ELSE x END",
  ],
  [
    "sf_fit_bytes(x, bytes)",
    "CASE WHEN strlen(x) > bytes THEN error('100078|22000|String ''' || left(x, 64) || ''' is too long and would be truncated') ELSE x END",
  ],
  [
    "sf_fit_binary(x, bytes)",
    "CASE WHEN octet_length(x) > bytes THEN error('100145|22000|Binary value ''' || left(hex(x), 64) || ''' is too long and would be truncated') ELSE x END",
  ],
  [
    "sf_binary(x)",
    `CASE WHEN typeof(x) = 'BLOB' THEN CAST(CAST(x AS VARCHAR) AS BLOB)
      WHEN sf_text(x) IS NULL THEN NULL
      WHEN NOT regexp_full_match(sf_text(x), '([0-9a-fA-F]{2})*') THEN error('100115|22000|The following string is not a legal hex-encoded value: ''' || left(sf_text(x), 64) || '''')
      ELSE unhex(sf_text(x)) END`,
  ],
  ["sf_try_binary(x)", "CASE WHEN regexp_full_match(sf_text(x), '([0-9a-fA-F]{2})*') THEN unhex(sf_text(x)) END"],
  ["sf_object(x)", "sf_variant(x)"],
  [
    "sf_array(x)",
    "CASE WHEN x IS NULL THEN NULL WHEN json_type(sf_variant(x)) = 'ARRAY' THEN sf_variant(x) ELSE to_json([sf_variant(x)]) END",
  ],
  [
    "sf_boolean(x)",
    `CASE WHEN typeof(x) IN ('VARCHAR', 'JSON') THEN
        CASE WHEN lower(sf_text(x)) IN ('true', 't', 'yes', 'y', 'on', '1') THEN true
          WHEN lower(sf_text(x)) IN ('false', 'f', 'no', 'n', 'off', '0') THEN false
          WHEN sf_text(x) IS NULL THEN NULL
          ELSE error('100037|22018|Boolean value ''' || left(sf_text(x), 64) || ''' is not recognized') END
      ELSE coalesce(TRY_CAST(CAST(x AS VARCHAR) AS DOUBLE) <> 0, lower(CAST(x AS VARCHAR)) = 'true') END`,
  ],
  [
    "sf_try_boolean(x)",
    "CASE WHEN lower(sf_text(x)) IN ('true', 't', 'yes', 'y', 'on', '1') THEN true WHEN lower(sf_text(x)) IN ('false', 'f', 'no', 'n', 'off', '0') THEN false END",
  ],
  // Seconds, or milli-, micro- or nanoseconds by the size of the number, as Snowflake reads it.
  [
    "sf_epoch(n)",
    `make_timestamp(CAST(CASE WHEN abs(n) < 31536000000 THEN n * 1000000 WHEN abs(n) < 31536000000000 THEN n * 1000
      WHEN abs(n) < 31536000000000000 THEN n ELSE n / 1000 END AS BIGINT))`,
  ],
  // DuckDB reads an offset only next to the time, and with its colon.
  [
    "sf_plain_offset(x)",
    "regexp_replace(regexp_replace(x, '\\s+([+-]\\d{2}:?\\d{2}|Z)$', '\\1'), '(:\\d{2}(?:\\.\\d+)?[+-]\\d{2})(\\d{2})$', '\\1:\\2')",
  ],
  [
    "sf_timestamp(x)",
    `CASE WHEN ${isNumeric} THEN sf_epoch(TRY_CAST(CAST(x AS VARCHAR) AS DECIMAL(38, 6)))
      WHEN typeof(x) = 'JSON' THEN coalesce(sf_epoch(TRY_CAST(sf_text(x) AS DECIMAL(38, 6))), CAST(sf_plain_offset(sf_text(x)) AS TIMESTAMP))
      WHEN typeof(x) = 'VARCHAR' THEN CAST(sf_plain_offset(CAST(x AS VARCHAR)) AS TIMESTAMP)
      ELSE CAST(CAST(x AS VARCHAR) AS TIMESTAMP) END`,
  ],
  [
    "sf_timestamp_tz(x)",
    `CASE WHEN ${isNumeric} THEN CAST(sf_epoch(TRY_CAST(CAST(x AS VARCHAR) AS DECIMAL(38, 6))) AS TIMESTAMPTZ)
      WHEN typeof(x) = 'JSON' THEN coalesce(CAST(sf_epoch(TRY_CAST(sf_text(x) AS DECIMAL(38, 6))) AS TIMESTAMPTZ), CAST(sf_text(x) AS TIMESTAMPTZ))
      WHEN typeof(x) = 'VARCHAR' THEN CAST(regexp_replace(CAST(x AS VARCHAR), ' *([+-][0-9]{2}):?([0-9]{2})$', '\\1:\\2') AS TIMESTAMPTZ)
      ELSE CAST(CAST(x AS VARCHAR) AS TIMESTAMPTZ) END`,
  ],
  ["sf_epoch_scaled(n, scale)", "make_timestamp(CAST(n * power(10, 6 - scale) AS BIGINT))"],
  // The text is named once: macros are copied where they are used, and nested ones make expressions of thousands of parts.
  ["sf_try_json(x)", "CASE WHEN json_valid(x) THEN json(x) END"],
  ["sf_kind(x)", kindOf],
  ["sf_array_size(x)", "CASE WHEN json_type(x) = 'ARRAY' THEN json_array_length(x) END"],
  ["sf_strip_nulls(x)", "json_merge_patch('{}', x)"],
  ["sf_divide(a, b)", "CASE WHEN b = 0 THEN error('100051|22012|Division by zero') ELSE a / b END"],
  ["sf_div0(a, b)", "CASE WHEN a IS NULL OR b IS NULL THEN NULL WHEN b = 0 THEN 0 ELSE a / b END"],
  ["sf_div0null(a, b)", "CASE WHEN a IS NULL THEN NULL WHEN coalesce(b, 0) = 0 THEN 0 ELSE a / b END"],
  ["sf_greatest(a, b)", "CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE greatest(a, b) END"],
  ["sf_least(a, b)", "CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE least(a, b) END"],
].map(([signature, body]) => `CREATE OR REPLACE MACRO ${signature} AS ${body}`);
