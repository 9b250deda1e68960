import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type Scalar,
  type Tags,
  visit,
  type YAMLParseError,
} from "yaml";
import { parsePath, type Path } from "../crds/path.ts";

/** A place in a file, both numbers 1-based. */
export interface Location {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A place inside a field's text, both numbers 1-based. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** One document of a YAML file. */
export interface YamlText {
  readonly file: string;
  /** As plain data; undefined where the YAML is too wrong for that. */
  readonly value: unknown;
  /** What is wrong with the YAML. */
  readonly problems: readonly (Location & { readonly message: string })[];
  /**
   * Where a field is: its name, or itself in a list; the nearest one above where it is not written. With `within`, a place
   * inside the field's text, such as a word of the SQL: exact in `|` blocks and in text on one line, else where the field is.
   */
  locate(path: string, within?: TextPosition): Location;
}

/** Values that a document's aliases may repeat, so that a small file cannot grow without bound. The library's own number. */
const aliasCountMax = 100;

/**
 * Reads a file as kubectl does: YAML 1.1, where `yes` and `on` are booleans, but with times and sexagesimals as strings.
 * Empty documents are left out.
 */
export function readYaml(file: string, text: string): readonly YamlText[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { version: "1.1", lineCounter: lines, prettyErrors: false, customTags: kubectlTags });
  return [...documents].map((document) => yamlText({ file, text, lines, document })).filter(({ value }) => value !== null);
}

const kubectlTags = (tags: Tags): Tags =>
  tags.filter(
    (tag) => typeof tag === "string" || (tag.format !== "TIME" && !/:(timestamp|binary|omap|pairs|set)$/.test(tag.tag)),
  );

interface Source {
  readonly file: string;
  readonly text: string;
  readonly lines: LineCounter;
  readonly document: Document.Parsed;
}

function yamlText(source: Source): YamlText {
  const { file, document } = source;
  const locate = (path: string, within?: TextPosition): Location => {
    const { node, offset } = find(document, parsePath(path));
    const start = location(source, offset);
    const inside = within === undefined || node === null ? null : inText(source, node, within);
    return { ...start, ...inside };
  };
  const duplicates = document.errors.filter(({ code }) => code === "DUPLICATE_KEY");
  // What follows the first error in the syntax is mostly its echo.
  const syntax = document.errors.find(({ code }) => code !== "DUPLICATE_KEY");
  const wrong = [...(syntax === undefined ? [] : [syntax]), ...duplicates].map((error) => explain(source, error));
  if (syntax !== undefined) return { file, value: undefined, problems: wrong, locate };
  const problems = [...wrong, ...suspects(source)];
  try {
    return { file, value: document.toJS({ maxAliasCount: aliasCountMax }) as unknown, problems, locate };
  } catch (error) {
    // Of an unresolved alias `suspects` has told.
    const unresolved = error instanceof ReferenceError && problems.length > 0;
    const message = error instanceof Error ? error.message : String(error);
    return { file, value: undefined, problems: unresolved ? problems : [...problems, { ...locate(""), message }], locate };
  }
}

function location({ file, lines }: Source, offset: number): Location {
  const { line, col } = lines.linePos(offset);
  return { file, line, column: col };
}

function explain(source: Source, { code, message, pos }: YAMLParseError): Location & { readonly message: string } {
  const at = location(source, pos[0]);
  if (code !== "DUPLICATE_KEY") return { ...at, message: `wrong YAML: ${message}` };
  const key = /^[^:\n]*/.exec(source.text.slice(pos[0]))?.[0].trim() ?? "";
  return { ...at, message: `the key ${key} is there twice: remove one` };
}

/** Aliases without an anchor, and keys such as `y` or `no`, which kubectl would rename to `true` and `false`. */
function suspects(source: Source): readonly (Location & { readonly message: string })[] {
  const found: (Location & { readonly message: string })[] = [];
  visit(source.document, {
    Alias: (_key, alias) => {
      if (alias.resolve(source.document) !== undefined) return;
      found.push({
        ...location(source, alias.range![0]),
        message: `the alias *${alias.source} has no anchor &${alias.source} before it`,
      });
    },
    Pair: (_key, { key }) => {
      if (!isScalar(key) || (typeof key.value !== "boolean" && key.value !== null)) return;
      const message = `kubectl reads the key ${key.source} as ${key.value}: write it in quotes`;
      found.push({ ...location(source, key.range![0]), message });
    },
  });
  return found;
}

/** The node at `path`, null where it is not written; and where it begins, or the nearest one above it. */
function find(document: Document.Parsed, path: Path): { readonly node: Node | null; readonly offset: number } {
  let node: unknown = document.contents;
  let offset = document.contents?.range[0] ?? document.range[0];
  for (const step of path) {
    const inside = isAlias(node) ? node.resolve(document) : node;
    if (isMap<Scalar, Node | null>(inside)) {
      const pair = inside.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (pair === undefined) return { node: null, offset };
      offset = pair.key.range![0];
      node = pair.value;
    } else {
      const item = isSeq<Node>(inside) ? inside.items[Number(step)] : undefined;
      if (item === undefined) return { node: null, offset };
      offset = item.range![0];
      node = item;
    }
  }
  return { node: (isAlias(node) ? node.resolve(document) : (node as Node | null)) ?? null, offset };
}

function inText({ text, lines }: Source, node: Node, { line, column }: TextPosition): { line: number; column: number } | null {
  if (!isScalar(node) || typeof node.value !== "string") return null;
  const [from, to] = node.range!;
  const start = lines.linePos(from);
  if (node.type === "BLOCK_LITERAL") {
    // A line of the block is the indentation and then the line of the text.
    const written = text.split(/\r?\n/, start.line + line)[start.line + line - 1];
    const meant = node.value.split("\n")[line - 1];
    return written === undefined || meant === undefined
      ? null
      : { line: start.line + line, column: Math.max(written.length - meant.length, 0) + column };
  }
  const shift = line === 1 ? text.slice(from, to).indexOf(node.value) : -1;
  return shift < 0 ? null : { line: start.line, column: start.col + shift + column - 1 };
}
