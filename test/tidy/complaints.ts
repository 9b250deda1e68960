import { posix } from "node:path";
import { cycles } from "./cycles.ts";
import { type ParsedFile, parseFile } from "./parsed-file.ts";
import { ownFolder, readsEnvironment, type Room, rooms } from "./rooms.ts";

const linesMax = 400;
const fileName = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*\.(ts|mjs)$/;
/** They say nothing about what is inside, so that anything ends up there. */
const emptyWords = new Set(["helper", "helpers", "manager", "util", "utils", "common", "misc"]);
const emptyNames = new Set(["types", "data", "info", "index", "shared"]);
/** Folders of test/ whose tests stand for themselves: they try the whole, not one file. */
const freeTestFolders = ["test/scenario/", "test/e2e/", "test/contract/", "test/examples/"];

const begins = (path: string, prefixes: readonly string[]): boolean => prefixes.some((prefix) => path.startsWith(prefix));
const isTest = (path: string): boolean => path.startsWith("test/");
/** The package of an import: `pino` of `pino/file`, `@a/b` of `@a/b/c`. */
const packageOf = (target: string): string => target.split("/", target.startsWith("@") ? 2 : 1).join("/");
const resolve = (path: string, target: string): string => posix.join(posix.dirname(path), target);

function* importComplaints(file: ParsedFile, room: Room, own: string): Generator<string> {
  for (const { target, line } of file.reaches) {
    const at = `${file.path}:${line}`;
    if (target === undefined) {
      if (!isTest(file.path)) yield `${at}: imports a computed name: nobody can tell what; write the name out`;
    } else if (target.startsWith(".")) {
      const reached = resolve(file.path, target);
      if (!reached.startsWith(own) && !begins(reached, room.may)) yield `${at}: may not import ${reached}: ${room.why}`;
    } else if (!target.startsWith("node:") && !room.packages.includes(packageOf(target))) {
      yield `${at}: the package ${packageOf(target)} is not for ${room.path}: see test/tidy/rooms.ts`;
    }
  }
}

function* nameComplaints({ path }: ParsedFile): Generator<string> {
  const parts = path.split("/");
  const name = parts.at(-1) ?? "";
  if (!fileName.test(name)) yield `${path}: name it in kebab-case`;
  const stems = [...parts.slice(0, -1), name.split(".")[0] ?? ""];
  const empty = stems.find((stem) => emptyNames.has(stem) || stem.split("-").some((word) => emptyWords.has(word)));
  if (empty !== undefined) yield `${path}: "${empty}" says nothing: name it after what it does`;
}

function* contentComplaints(file: ParsedFile): Generator<string> {
  if (file.lineCount > linesMax) yield `${file.path}: has ${file.lineCount} lines, more than ${linesMax}: split it`;
  if (file.path !== "vitest.config.ts")
    for (const line of file.defaultExports) yield `${file.path}:${line}: export it by its name, not as default`;
  for (const { name, line, documented } of file.exports)
    if (!documented) yield `${file.path}:${line}: ${name} is exported without a doc comment`;
  if (!begins(file.path, readsEnvironment))
    for (const line of file.environmentReads)
      yield `${file.path}:${line}: only main files read process.env: take it as an argument`;
  for (const line of file.silencers) yield `${file.path}:${line}: silences a checker: say why after \`--\`, or mend it`;
  if (!isTest(file.path))
    for (const line of file.moduleVariables) yield `${file.path}:${line}: module-level state: put it in what uses it`;
}

/** A test stands in the folder that its subject has in the tree (test/crds/load.test.ts: crds/), or beside code of its own. */
function* mirrorComplaints(path: string, paths: ReadonlySet<string>): Generator<string> {
  if (!path.endsWith(".test.ts") || begins(path, freeTestFolders)) return;
  const folder = posix.dirname(path).replace(/^test\/?/, "");
  const subject = folder === "" ? path.slice(0, -".test.ts".length) : folder;
  const stands = (other: string): boolean =>
    other.startsWith(`${subject}/`) ||
    (other.startsWith(`${posix.dirname(path)}/`) && folder !== "" && !other.endsWith(".test.ts"));
  if (![...paths].some(stands)) yield `${path}: there is no ${subject}/ to test: a test stands where its subject stands`;
}

function* fileComplaints(file: ParsedFile, paths: ReadonlySet<string>): Generator<string> {
  const room = rooms.find((candidate) => ownFolder(candidate, file.path) !== undefined);
  if (room === undefined) yield `${file.path}: belongs to no room: see test/tidy/rooms.ts`;
  else yield* importComplaints(file, room, ownFolder(room, file.path) ?? "");
  yield* nameComplaints(file);
  yield* contentComplaints(file);
  yield* mirrorComplaints(file.path, paths);
}

/**
 * Holds the house rules over a tree of sources (path from the root, with `/`, to text). One complaint per violation, as
 * `path:line: what is wrong: what to do`; none for a tidy tree.
 */
export function complaints(sources: ReadonlyMap<string, string>): string[] {
  const files = [...sources].map(([path, text]) => parseFile(path, text));
  const paths = new Set(sources.keys());
  const imports = new Map(
    files.map(({ path, reaches }) => [
      path,
      reaches.flatMap(({ target }) => (target?.startsWith(".") ? [resolve(path, target)] : [])),
    ]),
  );
  return [
    ...files.flatMap((file) => [...fileComplaints(file, paths)]),
    ...cycles(imports).map((cycle) => `${cycle.join(" -> ")}: an import cycle, type imports included`),
  ];
}
