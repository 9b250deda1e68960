/** First words that QUERY_HISTORY names otherwise. Longest first. */
const names: readonly (readonly [words: string, type: string])[] = [
  ["COPY FILES INTO", "COPY_FILES"],
  ["COPY INTO @", "UNLOAD"],
  ["COPY INTO '", "UNLOAD"],
  ["COPY INTO", "COPY"],
  ["BEGIN", "BEGIN_TRANSACTION"],
  ["START TRANSACTION", "BEGIN_TRANSACTION"],
  ["WITH", "SELECT"],
  ["VALUES", "SELECT"],
  ["TRUNCATE", "TRUNCATE_TABLE"],
  ["PUT", "PUT_FILES"],
  ["GET", "GET_FILES"],
  ["LIST", "LIST_FILES"],
  ["LS", "LIST_FILES"],
  ["REMOVE", "REMOVE_FILES"],
  ["RM", "REMOVE_FILES"],
  ["DESC", "DESCRIBE"],
];
const modifiers = /\b(?:OR REPLACE|OR ALTER|TEMP|TEMPORARY|TRANSIENT|VOLATILE|LOCAL|GLOBAL|SECURE|EXTERNAL)\s+/g;
/** Statements that need a running warehouse; the others are done by the services alone. */
const compute = new Set([
  "SELECT",
  "INSERT",
  "UPDATE",
  "DELETE",
  "MERGE",
  "COPY",
  "UNLOAD",
  "COPY_FILES",
  "CALL",
  "CREATE_TABLE_AS_SELECT",
]);

/** What a statement is, by its words. */
export interface QueryType {
  /** As QUERY_HISTORY says it: SELECT, BEGIN_TRANSACTION, CREATE_TABLE, … */
  readonly name: string;
  readonly needsWarehouse: boolean;
}

/** Tells what a statement is from its text, without parsing it. */
export function queryType(text: string): QueryType {
  const words = bare(text).toUpperCase();
  const name = nameOf(words);
  return { name, needsWarehouse: compute.has(name) && !(name === "SELECT" && !/\bFROM\b/.test(words)) };
}

function nameOf(words: string): string {
  const named = names.find(([begin]) => words.startsWith(begin) && !/^\w\w/.test(words.slice(begin.length - 1)));
  if (named !== undefined) return named[1];
  const [verb = "", object = ""] = words.replaceAll(modifiers, "").split(/[\s(;]+/, 2);
  if (!["CREATE", "ALTER", "DROP", "UNDROP"].includes(verb)) return verb === "" ? "UNKNOWN" : verb;
  if (verb === "CREATE" && object === "TABLE" && /^[^(]*?(?:\([^)]*\)\s*)?\bAS\s+(?:\(\s*)?(?:SELECT|WITH)\b/.test(words))
    return "CREATE_TABLE_AS_SELECT";
  return object === "" ? verb : `${verb}_${object}`;
}

/** The statement without comments at its begin, white space made one. */
function bare(text: string): string {
  const begin = text.replace(/^(?:\s+|--[^\n]*(?:\n|$)|\/\/[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|\()+/, "");
  // Only the begin counts, and a statement may be long.
  return begin.slice(0, 10_000).replaceAll(/\s+/g, " ");
}
