import { type Document, isNode, LineCounter, parseDocument } from "yaml";
import { CommandError } from "../shell.ts";
import type { CaseRecord, ExpectedReject, TestCase } from "./test-case.ts";

/** Timestamp of a record whose case gives none: fixed, so that a case gives the same rows every day. */
const timestampDefaultMs = Date.UTC(2026, 0, 1);

type Fields = Readonly<Record<string, unknown>>;

/** Reads one case file, checking as it goes. */
class CaseReader {
  readonly #file: string;
  readonly #lines: LineCounter;
  readonly #document: Document;

  constructor(file: string, lines: LineCounter, document: Document) {
    this.#file = file;
    this.#lines = lines;
    this.#document = document;
  }

  /** The 1-based line of what is at a path. */
  line(path: Path): number {
    for (let at = path; ; at = at.slice(0, -1)) {
      if (at.length === 0) return 1;
      const node: unknown = this.#document.getIn(at, true);
      if (isNode(node) && node.range) return this.#lines.linePos(node.range[0]).line;
    }
  }

  fail(path: Path, message: string): never {
    throw new CommandError(`${this.#file}:${this.line(path)}: ${pathText(path)}${message}`, { subject: "" });
  }

  fields(path: Path, value: unknown, known: readonly string[]): Fields {
    if (value === null || typeof value !== "object" || Array.isArray(value)) this.fail(path, "must be an object");
    const unknown = Object.keys(value).find((name) => !known.includes(name));
    if (unknown !== undefined) this.fail([...path, unknown], `unknown field; there are ${known.join(", ")}`);
    return value as Fields;
  }

  list(path: Path, value: unknown): readonly unknown[] {
    if (value === undefined) return [];
    return Array.isArray(value) ? (value as unknown[]) : this.fail(path, "must be a list");
  }

  object(path: Path, value: unknown): Fields {
    return value !== null && typeof value === "object" && !Array.isArray(value)
      ? (value as Fields)
      : this.fail(path, "must be an object");
  }

  text(path: Path, value: unknown): string {
    return typeof value === "string" && value !== "" ? value : this.fail(path, "must be a text");
  }

  /** A text, or a number or boolean that YAML made of one. */
  scalar(path: Path, value: unknown): string {
    return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
      ? String(value)
      : this.fail(path, "must be a text");
  }

  integer(path: Path, value: unknown, fallback: number): number {
    if (value === undefined) return fallback;
    return Number.isSafeInteger(value) && (value as number) >= 0
      ? (value as number)
      : this.fail(path, "must be an integer, 0 or more");
  }
}

type Path = readonly (string | number)[];

const pathText = (path: Path): string => {
  const text = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`)).join("");
  return text === "" ? "" : `${text.replace(/^\./, "")}: `;
};

/**
 * Reads a case file: a YAML list of cases. Throws CommandError with file and line at the first thing that is wrong.
 * @param file how messages name the file
 */
export function readCases(file: string, text: string): readonly TestCase[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined)
    throw new CommandError(`${file}:${lines.linePos(error.pos[0]).line}: ${error.message}`, { subject: "" });
  const reader = new CaseReader(file, lines, document);
  const root: unknown = document.toJS();
  const cases = Array.isArray(root)
    ? (root as unknown[])
    : reader.fail([], "must be a list of cases, each with name, input and rows");
  if (cases.length === 0) reader.fail([], "has no cases");
  return cases.map((entry, at) => readCase(reader, [at], entry));
}

function readCase(reader: CaseReader, path: Path, value: unknown): TestCase {
  const fields = reader.fields(path, value, ["name", "pipeline", "input", "lookups", "rows", "rejects"]);
  const input = reader
    .list([...path, "input"], fields["input"])
    .map((entry, at) => readRecord(reader, [...path, "input", at], entry, at));
  if (input.length === 0) reader.fail([...path, "input"], "give at least one record");
  const lookups = fields["lookups"] === undefined ? {} : reader.object([...path, "lookups"], fields["lookups"]);
  return {
    name: reader.text([...path, "name"], fields["name"]),
    line: reader.line(path),
    pipeline: fields["pipeline"] === undefined ? null : reader.text([...path, "pipeline"], fields["pipeline"]),
    input,
    lookups: Object.fromEntries(
      Object.entries(lookups).map(([name, rows]) => [
        name,
        reader.list([...path, "lookups", name], rows).map((row, at) => reader.object([...path, "lookups", name, at], row)),
      ]),
    ),
    rows: reader.list([...path, "rows"], fields["rows"]).map((row, at) => reader.object([...path, "rows", at], row)),
    rejects: reader
      .list([...path, "rejects"], fields["rejects"])
      .map((entry, at) => readReject(reader, [...path, "rejects", at], { value: entry, inputs: input.length })),
  };
}

function readReject(
  reader: CaseReader,
  path: Path,
  { value, inputs }: { readonly value: unknown; readonly inputs: number },
): ExpectedReject {
  const fields = reader.fields(path, value, ["input", "error"]);
  const input = reader.integer([...path, "input"], fields["input"], 0);
  if (input < 1 || input > inputs) reader.fail([...path, "input"], `says which record is rejected: 1 to ${inputs}`);
  return { input, error: fields["error"] === undefined ? "" : reader.text([...path, "error"], fields["error"]) };
}

const contents = ["value", "text", "base64"] as const;

function readRecord(reader: CaseReader, path: Path, value: unknown, at: number): CaseRecord {
  const fields = reader.fields(path, value, [...contents, "key", "headers", "topic", "partition", "offset", "timestamp"]);
  const given = contents.filter((name) => fields[name] !== undefined);
  const [content] = given;
  if (content === undefined || given.length > 1) reader.fail(path, `set exactly one of: ${contents.join(", ")}`);
  const headers = fields["headers"] === undefined ? {} : reader.object([...path, "headers"], fields["headers"]);
  return {
    content: readContent(reader, [...path, content], content, fields[content]),
    key:
      fields["key"] === undefined || fields["key"] === null ? null : Buffer.from(reader.scalar([...path, "key"], fields["key"])),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, header]) => [
        name,
        header === null ? null : reader.scalar([...path, "headers", name], header),
      ]),
    ),
    topic: fields["topic"] === undefined ? null : reader.text([...path, "topic"], fields["topic"]),
    partition: reader.integer([...path, "partition"], fields["partition"], 0),
    offset: reader.integer([...path, "offset"], fields["offset"], at),
    timestampMs: readTimestamp(reader, [...path, "timestamp"], fields["timestamp"]),
  };
}

function readContent(reader: CaseReader, path: Path, content: (typeof contents)[number], value: unknown): CaseRecord["content"] {
  switch (content) {
    case "value":
      if (value === null) return null;
      return typeof value === "object" ? { value } : reader.fail(path, "must be an object; give other records as text or base64");
    case "text":
      return typeof value === "string" ? { bytes: Buffer.from(value) } : reader.fail(path, "must be a text");
    case "base64":
      if (typeof value !== "string" || !/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value)) reader.fail(path, "must be bytes in base64");
      return { bytes: Buffer.from(value, "base64") };
    default:
      return content satisfies never;
  }
}

function readTimestamp(reader: CaseReader, path: Path, value: unknown): number {
  if (value === undefined) return timestampDefaultMs;
  const timestampMs = typeof value === "number" ? value : typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isSafeInteger(timestampMs)
    ? timestampMs
    : reader.fail(path, "must be a time such as 2026-01-31T12:00:00Z, or milliseconds since 1970");
}
