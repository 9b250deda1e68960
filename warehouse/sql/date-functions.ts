import { literal } from "../engine/physical-name.ts";
import { SnowflakeError } from "../result.ts";
import { bodyOf, stringOf } from "./polyglot.ts";
import type { Template, TemplateCall } from "./template.ts";
import { columnName } from "./variants.ts";

/** Snowflake's parts of a date by the first letters of their many names. */
const parts: readonly (readonly [pattern: RegExp, part: string, interval: string])[] = [
  [/^(?:y|yy|yyy|yyyy|yr|years?|yrs)$/, "year", "to_years"],
  [/^(?:q|qtrs?|quarters?)$/, "quarter", "to_quarters"],
  [/^(?:mm|mon|mons|months?)$/, "month", "to_months"],
  [/^(?:w|wk|weekofyear|woy|wy|weeks?)$/, "week", "to_weeks"],
  [/^(?:d|dd|days?|dayofmonth)$/, "day", "to_days"],
  [/^(?:h|hh|hr|hours?|hrs)$/, "hour", "to_hours"],
  [/^(?:m|mi|min|minutes?|mins)$/, "minute", "to_minutes"],
  [/^(?:s|sec|seconds?|secs)$/, "second", "to_seconds"],
  [/^(?:ms|msec|milliseconds?)$/, "millisecond", "to_milliseconds"],
  [/^(?:us|usec|microseconds?)$/, "microsecond", "to_microseconds"],
  [/^(?:ns|nsec|nanosec|nsecond|nanoseconds?|nanosecs?|nseconds?)$/, "nanosecond", ""],
];

/** Elements of Snowflake's formats, longest first, and what strftime and strptime call them. */
const formats: readonly (readonly [element: string, format: string])[] = [
  ["YYYY", "%Y"],
  ["YY", "%y"],
  ["MMMM", "%B"],
  ["MON", "%b"],
  ["MM", "%m"],
  ["DD", "%d"],
  ["DY", "%a"],
  ["HH24", "%H"],
  ["HH12", "%I"],
  ["AM", "%p"],
  ["PM", "%p"],
  ["MI", "%M"],
  ["SS", "%S"],
  ["FF9", "%n"],
  ["FF6", "%f"],
  ["FF3", "%g"],
  ["FF", "%f"],
  ["TZHTZM", "%z"],
  ["TZH:TZM", "%z"],
  ["TZH", "%z"],
];

const add: Template = (call) => {
  const { args } = call;
  const [part, interval] = partOf(call, 0);
  const date = dateLike(call, 2);
  if (part === "nanosecond") return `(CAST(${date} AS TIMESTAMP_NS) + to_microseconds(CAST((${args[1]}) // 1000 AS BIGINT)))`;
  const type = /second/.test(part) && part !== "second" ? "BIGINT" : part === "second" ? "DOUBLE" : "BIGINT";
  const sum = `(${date} + ${interval}(CAST(${args[1]} AS ${type})))`;
  // A date and days are a date.
  return /year|quarter|month|week|day/.test(part) && isDate(call.nodes[2], call) ? `CAST(${sum} AS DATE)` : sum;
};
const difference: Template = (call) => {
  const [part] = partOf(call, 0);
  if (part === "nanosecond") return `(date_diff('microsecond', ${dateLike(call, 1)}, ${dateLike(call, 2)}) * 1000)`;
  return `date_diff(${literal(part)}, CAST(${dateLike(call, 1)} AS TIMESTAMP), CAST(${dateLike(call, 2)} AS TIMESTAMP))`;
};
const timestamp =
  (macro: string, type: string): Template =>
  ({ args, text, asText }) => {
    const format = text(1);
    if (format !== null && !/^auto$/i.test(format))
      return `CAST(strptime(${asText(0)}, ${literal(strftimeFormat(format))}) AS ${type})`;
    if (args.length > 1 && format === null) return `CAST(sf_epoch_scaled(${args[0]}, ${args[1]}) AS ${type})`;
    return `${macro}(${args[0]})`;
  };
const tryTimestamp =
  (type: string): Template =>
  ({ text, asText }) => {
    const format = text(1);
    if (format !== null && !/^auto$/i.test(format))
      return `CAST(try_strptime(${asText(0)}, ${literal(strftimeFormat(format))}) AS ${type})`;
    return `TRY_CAST(${asText(0)} AS ${type})`;
  };
const toText: Template = ({ args, text }) => {
  const format = text(1);
  if (format === null) return `sf_text(${args[0]})`;
  switch (format.toUpperCase().replace("-", "")) {
    case "HEX":
      return `sf_text(${args[0]})`;
    case "UTF8":
      return `decode(${args[0]})`;
    case "BASE64":
      return `to_base64(${args[0]})`;
    default:
      return `strftime(${args[0]}, ${literal(strftimeFormat(format))})`;
  }
};
const date: Template = ({ args, text, asText }) => {
  const format = text(1);
  if (format !== null && !/^auto$/i.test(format))
    return `CAST(strptime(${asText(0)}, ${literal(strftimeFormat(format))}) AS DATE)`;
  return `CAST(sf_timestamp(${args[0]}) AS DATE)`;
};

/** Functions of dates and times. */
export const dateFunctions: Readonly<Record<string, Template>> = {
  DATEADD: add,
  TIMEADD: add,
  TIMESTAMPADD: add,
  DATEDIFF: difference,
  TIMEDIFF: difference,
  TIMESTAMPDIFF: difference,
  DATE_PART: (call) => {
    const unit = wordOf(call.nodes[0]) ?? "";
    if (/^epoch/i.test(unit)) return epochPart(unit.toLowerCase(), dateLike(call, 1));
    return `date_part(${literal(partOf(call, 0)[0])}, ${dateLike(call, 1)})`;
  },
  DATE_TRUNC: (call) => {
    const [part] = partOf(call, 0);
    const cut = `date_trunc(${literal(part)}, ${dateLike(call, 1)})`;
    return isDate(call.nodes[1], call) ? `CAST(${cut} AS DATE)` : cut;
  },
  // Sunday is 0.
  DAYOFWEEK: (call) => `dayofweek(${dateLike(call, 0)})`,
  DAYOFWEEKISO: (call) => `isodow(${dateLike(call, 0)})`,
  MONTHS_BETWEEN: ({ args: [a, b] }) => `date_diff('month', CAST(${b} AS DATE), CAST(${a} AS DATE))`,
  ADD_MONTHS: ({ args: [a, b] }) => `(${a} + to_months(CAST(${b} AS INTEGER)))`,
  TO_DATE: date,
  DATE: date,
  TRY_TO_DATE: tryTimestamp("DATE"),
  TO_TIME: ({ args }) => `CAST(sf_text(${args[0]}) AS TIME)`,
  TRY_TO_TIME: ({ asText }) => `TRY_CAST(${asText(0)} AS TIME)`,
  TO_TIMESTAMP: timestamp("sf_timestamp", "TIMESTAMP"),
  TO_TIMESTAMP_NTZ: timestamp("sf_timestamp", "TIMESTAMP"),
  TO_TIMESTAMP_LTZ: timestamp("sf_timestamp_tz", "TIMESTAMPTZ"),
  TO_TIMESTAMP_TZ: timestamp("sf_timestamp_tz", "TIMESTAMPTZ"),
  TRY_TO_TIMESTAMP: tryTimestamp("TIMESTAMP"),
  TRY_TO_TIMESTAMP_NTZ: tryTimestamp("TIMESTAMP"),
  TRY_TO_TIMESTAMP_LTZ: tryTimestamp("TIMESTAMPTZ"),
  TRY_TO_TIMESTAMP_TZ: tryTimestamp("TIMESTAMPTZ"),
  CONVERT_TIMEZONE: ({ args }) =>
    args.length === 2
      ? `timezone('UTC', timezone(${args[0]}, CAST(${args[1]} AS TIMESTAMPTZ)))`
      : `timezone(${args[1]}, timezone(${args[0]}, CAST(${args[2]} AS TIMESTAMP)))`,
  TO_VARCHAR: toText,
  TO_CHAR: toText,
};

/** A format of Snowflake's for strftime and strptime. */
function strftimeFormat(format: string): string {
  let rest = format;
  let result = "";
  // Each step takes at least one character.
  while (rest !== "") {
    const element = formats.find(([name]) => rest.toUpperCase().startsWith(name));
    const quotedText = /^"(?<text>[^"]*)"/.exec(rest);
    const taken = element?.[0].length ?? quotedText?.[0].length ?? 1;
    result += element?.[1] ?? quotedText?.groups?.["text"] ?? rest[0]!.replace("%", "%%");
    rest = rest.slice(taken);
  }
  return result;
}

function partOf({ nodes, args }: TemplateCall, index: number): readonly [part: string, interval: string] {
  const name = wordOf(nodes[index]) ?? args[index]!;
  const plain = name.replaceAll(/['"]/g, "").toLowerCase();
  const found = parts.find(([pattern]) => pattern.test(plain));
  if (found === undefined)
    throw new SnowflakeError(
      "002151",
      "22023",
      `SQL compilation error:\n'${plain.toUpperCase()}' is not a valid date/time component.`,
    );
  return [found[1], found[2]];
}

/** True where an expression surely answers a DATE. */
function isDate(node: unknown, { rewriting }: TemplateCall): boolean {
  const cast = bodyOf(node, "cast");
  if (cast !== null) return JSON.stringify(cast["to"]).includes('"date"');
  if (/^(?:TO_DATE|CURRENT_DATE|DATE)$/i.test(String(bodyOf(node, "function")?.["name"]))) return true;
  const column = bodyOf(node, "column");
  const known = column === null ? undefined : rewriting.columns.get(columnName(column));
  return known !== undefined && known.every(({ type }) => type.kind === "DATE");
}

/** A part of a date, written as a text or as a word. */
function wordOf(node: unknown): string | null {
  const word = bodyOf(node, "var")?.["this"];
  if (typeof word === "string") return word;
  return stringOf(node) ?? (bodyOf(node, "column")?.["name"] as { name: string } | undefined)?.name ?? null;
}

/** An argument as a date or time: a text is one in Snowflake. */
function dateLike({ nodes, args }: TemplateCall, index: number): string {
  return stringOf(nodes[index]) === null ? args[index]! : `CAST(${args[index]} AS TIMESTAMP)`;
}

function epochPart(unit: string, of: string): string {
  if (/nano/.test(unit)) return `epoch_ns(${of})`;
  if (/micro/.test(unit)) return `epoch_us(${of})`;
  if (/milli/.test(unit)) return `epoch_ms(${of})`;
  return `CAST(floor(epoch(${of})) AS BIGINT)`;
}
