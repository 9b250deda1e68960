import type { Scanner } from "./scanner.ts";

/** The value of `NAME = value`: words and numbers as written, texts without quotes. */
export type OptionValue =
  | { readonly kind: "word" | "text" | "number"; readonly value: string }
  | { readonly kind: "list"; readonly values: readonly string[] }
  | { readonly kind: "options"; readonly options: Options };

/** Options by their upper-case names. */
export type Options = ReadonlyMap<string, OptionValue>;

/** Options nest at most this deep: FILE_FORMAT = (TYPE = …) inside a stage's options. */
const depthMax = 4;

/** Reads `NAME = value` as often as they come, with or without commas between them, up to one of the words `until`. */
export function readOptions(scanner: Scanner, depth = 0, until: readonly string[] = []): Options {
  const options = new Map<string, OptionValue>();
  for (;;) {
    const token = scanner.peek();
    if (token.kind !== "word" || until.includes(token.value.toUpperCase())) return options;
    const name = scanner.identifier();
    scanner.expect("=");
    scanner.take(">");
    options.set(name, readValue(scanner, depth));
    scanner.take(",");
  }
}

function readValue(scanner: Scanner, depth: number): OptionValue {
  if (scanner.take("(") !== null) return readParentheses(scanner, depth);
  const sign = scanner.take("-") ?? "";
  const token = scanner.next();
  if (token.kind === "text") return { kind: "text", value: token.value };
  if (token.kind === "number") {
    const suffix = scanner.take("%") ?? "";
    return { kind: "number", value: `${sign}${token.value}${suffix}` };
  }
  if (token.kind !== "word" && token.kind !== "quoted") throw scanner.unexpected();
  let value = token.kind === "word" ? token.value : `"${token.value.replaceAll('"', '""')}"`;
  // SKIP_FILE_10%, and names of formats such as db.schema.format
  if (scanner.take("%") !== null) value += "%";
  while (scanner.take(".") !== null) {
    const part = scanner.next();
    value += part.kind === "quoted" ? `."${part.value.replaceAll('"', '""')}"` : `.${part.value}`;
  }
  return { kind: "word", value };
}

function readParentheses(scanner: Scanner, depth: number): OptionValue {
  if (depth >= depthMax) throw scanner.unexpected();
  if (scanner.peek().kind === "word") {
    const options = readOptions(scanner, depth + 1);
    scanner.expect(")");
    return { kind: "options", options };
  }
  const values: string[] = [];
  while (scanner.take(")") === null) {
    const token = scanner.next();
    if (token.kind !== "text" && token.kind !== "number") throw scanner.unexpected();
    values.push(token.value);
    scanner.take(",");
  }
  return { kind: "list", values };
}

/** The option's single value, or undefined where it is absent. */
export function optionText(options: Options, name: string): string | undefined {
  const value = options.get(name);
  return value === undefined || value.kind === "list" || value.kind === "options" ? undefined : value.value;
}

/** TRUE or FALSE; `otherwise` where the option is absent. */
export function optionBoolean(options: Options, name: string, otherwise: boolean): boolean {
  const text = optionText(options, name);
  return text === undefined ? otherwise : text.toUpperCase() === "TRUE";
}
