import { SnowflakeError } from "../result.ts";

/** How an error of DuckDB is told in Snowflake's terms. */
interface Rule {
  readonly pattern: RegExp;
  readonly code: string;
  readonly sqlState: string;
  message(match: RegExpExecArray): string;
}

const compilation = "SQL compilation error:\n";

/** DuckDB reports by text only; these are 1.5's. Tests provoke each of them from DuckDB itself. First match wins. */
const rules: readonly Rule[] = [
  {
    // What our macros raise by error().
    pattern: /^Invalid Input Error: (?<code>\d{6})\|(?<state>\w{5})\|(?<text>.*)$/s,
    code: "",
    sqlState: "",
    message: ({ groups }) => groups!["text"]!,
  },
  {
    pattern: /^Constraint Error: NOT NULL constraint failed: (?:.*\.)?(?<column>[^.]+)$/s,
    code: "100072",
    sqlState: "22000",
    message: () => "NULL result in a non-nullable column",
  },
  {
    pattern:
      /^Binder Error: (?:Referenced column|Values list .* does not have a column named|Table .* does not have a column named) ?"?(?<column>[^"\n]*)"?/s,
    code: "000904",
    sqlState: "42000",
    message: ({ groups }) =>
      `${compilation}error line 1 at position 0\ninvalid identifier '${groups!["column"]!.replace(/ not found.*$/s, "")}'`,
  },
  {
    pattern: /^Binder Error: Referenced table "(?<table>[^"]*)"/s,
    code: "000904",
    sqlState: "42000",
    message: ({ groups }) => `${compilation}error line 1 at position 0\ninvalid identifier '${groups!["table"]}'`,
  },
  {
    pattern: /^Binder Error: Ambiguous reference to column name "(?<column>[^"]*)"/s,
    code: "002028",
    sqlState: "42601",
    message: ({ groups }) => `${compilation}ambiguous column name '${groups!["column"]}'`,
  },
  {
    pattern:
      /^Catalog Error: (?:Scalar |Aggregate |Table |Macro )?Function with name "?(?<name>[\w$]+)"? (?:does not exist|is not in the catalog)/s,
    code: "002140",
    sqlState: "42601",
    message: ({ groups }) => `${compilation}Unknown function ${groups!["name"]!.toUpperCase()}`,
  },
  {
    pattern: /^Binder Error: No function matches the given name and argument types '(?<call>[^']*)'/s,
    code: "001044",
    sqlState: "42P13",
    message: ({ groups }) => `${compilation}error line 1 at position 0\nInvalid argument types for function '${groups!["call"]}'`,
  },
  {
    pattern: /^Catalog Error: (?:Table|View) with name "?(?<name>.*?)"? does not exist/s,
    code: "002003",
    sqlState: "42S02",
    message: ({ groups }) => `${compilation}Object '${groups!["name"]}' does not exist or not authorized.`,
  },
  {
    pattern: /^Catalog Error: .*?"(?<name>[^"]*)" already exists/s,
    code: "002002",
    sqlState: "42710",
    message: ({ groups }) => `${compilation}Object '${groups!["name"]}' already exists.`,
  },
  {
    pattern:
      /^Conversion Error: (?:Could not cast value|Casting value) "?(?<value>[^" ]*)"? to (?:type )?DECIMAL\((?<type>[\d, ]+)\)/s,
    code: "100046",
    sqlState: "22003",
    message: ({ groups }) => `Number out of representable range: type FIXED[SB16](${groups!["type"]}), value ${groups!["value"]}`,
  },
  {
    pattern: /^Conversion Error: Could not convert (?:string )?(?<value>.*?) to (?:DECIMAL|INT|HUGEINT|BIGINT)/s,
    code: "100038",
    sqlState: "22018",
    message: ({ groups }) => `Numeric value '${unquoted(groups!["value"]!)}' is not recognized`,
  },
  {
    pattern: /^(?:Conversion|Out of Range) Error: .*(?:out of range|overflow)/is,
    code: "100046",
    sqlState: "22003",
    message: () => "Number out of representable range",
  },
  {
    pattern: /^Conversion Error: .*?timestamp.*?: "(?<value>[^"]*)"/is,
    code: "100035",
    sqlState: "22007",
    message: ({ groups }) => `Timestamp '${groups!["value"]}' is not recognized`,
  },
  {
    pattern: /^Conversion Error: .*?date.*?: "(?<value>[^"]*)"/is,
    code: "100040",
    sqlState: "22007",
    message: ({ groups }) => `Date '${groups!["value"]}' is not recognized`,
  },
  {
    pattern: /^Conversion Error: .*?time.*?: "(?<value>[^"]*)"/is,
    code: "100108",
    sqlState: "22007",
    message: ({ groups }) => `Time '${groups!["value"]}' is not recognized`,
  },
  {
    pattern: /^(?:Conversion|Invalid Input) Error: .*?[Mm]alformed JSON(?<where>[^\n]*)/s,
    code: "100069",
    sqlState: "22P02",
    message: ({ groups }) => `Error parsing JSON: ${groups!["where"]!.replace(/\s*Input:.*$/s, "").trim()}`,
  },
  {
    pattern: /^Conversion Error: Could not convert string (?<value>.*?) to BOOL/s,
    code: "100037",
    sqlState: "22018",
    message: ({ groups }) => `Boolean value '${unquoted(groups!["value"]!)}' is not recognized`,
  },
  {
    pattern: /^Conversion Error: Could not convert string (?<value>.*?) to (?:DOUBLE|FLOAT)/s,
    code: "100038",
    sqlState: "22018",
    message: ({ groups }) => `Numeric value '${unquoted(groups!["value"]!)}' is not recognized`,
  },
  {
    pattern: /^(?:Conversion|Invalid Input|Mismatch Type) Error: (?<text>[^\n]*)/s,
    code: "100071",
    sqlState: "22000",
    message: ({ groups }) => groups!["text"]!,
  },
  {
    pattern: /^Parser Error: (?<text>[^\n]*)/s,
    code: "001003",
    sqlState: "42000",
    message: ({ groups }) => `${compilation}${groups!["text"]}`,
  },
  {
    pattern: /^(?:Binder|Catalog|Not implemented) Error: (?<text>[^\n]*)/s,
    code: "002141",
    sqlState: "42601",
    message: ({ groups }) => `${compilation}${groups!["text"]}`,
  },
  { pattern: /^INTERRUPT Error/, code: "000604", sqlState: "57014", message: () => "SQL execution canceled" },
];

/** The error as Snowflake would tell it. What is no error of a statement becomes 000603, its internal error. */
export function snowflakeError(error: unknown): SnowflakeError {
  if (error instanceof SnowflakeError) return error;
  const text = error instanceof Error ? error.message : String(error);
  for (const rule of rules) {
    const match = rule.pattern.exec(text);
    if (match === null) continue;
    const code = match.groups?.["code"] ?? rule.code;
    return new SnowflakeError(code, match.groups?.["state"] ?? rule.sqlState, rule.message(match), { cause: error });
  }
  return new SnowflakeError("000603", "XX000", `SQL execution internal error:\n${text.split("\n", 1)[0]}`, { cause: error });
}

function unquoted(value: string): string {
  return value.replace(/^["'](?<inner>.*)["']$/s, "$<inner>");
}
