import { readFile } from "node:fs/promises";
import type { Connection } from "../crds/kinds/connection.ts";
import type { Pipeline } from "../crds/kinds/pipeline.ts";
import { isOurs, type Resource, validate } from "../crds/validate.ts";
import { validateConnections } from "../crds/validate-connections.ts";
import { type Location, readYaml, type YamlText } from "./yaml-text.ts";

/** The Pipelines and Connections of some files that are right, and what is wrong with the others. */
export interface Manifest {
  readonly pipelines: readonly Entry<Pipeline>[];
  readonly connections: readonly Entry<Connection>[];
  /** Pipelines with a problem: what is right in them can be checked further. */
  readonly drafts: readonly Draft[];
  /** By file in the order given, then by line. */
  readonly problems: readonly ManifestProblem[];
}

/** A resource with its defaults, and where it is written. */
export interface Entry<R extends Resource> {
  readonly resource: R;
  readonly file: string;
  /** Where a field is, such as `spec.transform.sql`, or a place inside its text. */
  readonly locate: YamlText["locate"];
}

/** A Pipeline that is wrong somewhere. */
export interface Draft {
  /** As written; nothing of it is checked. */
  readonly spec: unknown;
  readonly locate: YamlText["locate"];
}

/** What is wrong, and at which place of which file. */
export interface ManifestProblem extends Location {
  /** Path of the field; empty where the file or its YAML is wrong. */
  readonly path: string;
  readonly message: string;
}

/** `orders.yaml:12:7: spec.source.kafka.connection: is required …`: terminals and editors make a link of it. */
export function problemText({ file, line, column, path, message }: ManifestProblem): string {
  return `${file}:${line}:${column}: ${path === "" ? "" : `${path}: `}${message}`;
}

/**
 * Where the Connections are that pipelines name: `here` among the files; `elsewhere`, such as in the cluster, where the files
 * hold no Connection at all.
 */
export type ConnectionsAre = "here" | "elsewhere";

/** Reads YAML files of any number of documents, passing over those of other APIs. A file that cannot be read is a problem. */
export async function loadManifest(files: readonly string[], connectionsAre: ConnectionsAre = "here"): Promise<Manifest> {
  const unreadable: ManifestProblem[] = [];
  const texts = await Promise.all(
    files.map(async (file) => {
      try {
        return { file, text: await readFile(file, "utf8") };
      } catch (error) {
        unreadable.push({ file, line: 1, column: 1, path: "", message: `cannot be read: ${unreadableWhy(error)}` });
        return { file, text: "" };
      }
    }),
  );
  const manifest = readManifest(texts, connectionsAre);
  return { ...manifest, problems: inOrder([...unreadable, ...manifest.problems], files) };
}

function unreadableWhy(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
      return "there is no such file";
    case "EISDIR":
      return "it is a directory: name the files in it, such as *.yaml";
    case "EACCES":
      return "you may not read it: its permissions forbid it";
    default:
      return error.message;
  }
}

/** `loadManifest` of texts that are at hand. */
export function readManifest(
  files: readonly { readonly file: string; readonly text: string }[],
  connectionsAre: ConnectionsAre = "here",
): Manifest {
  const documents = files
    .flatMap(({ file, text }) => readYaml(file, text))
    .filter(({ value }) => value === undefined || isOurs(value));
  const pipelines: Entry<Pipeline>[] = [];
  const connections: Entry<Connection>[] = [];
  const drafts: Draft[] = [];
  const problems: ManifestProblem[] = duplicates(documents);
  const written = documents.filter(({ value }) => kindOf(value) === "Connection").map(({ value }) => value);
  for (const { file, value, problems: wrong, locate } of documents) {
    problems.push(...wrong.map((problem) => ({ ...problem, path: "" })));
    if (value === undefined) continue;
    const { resource, problems: invalid } = validate(value);
    const connected = kindOf(value) === "Pipeline" && (connectionsAre === "here" || written.length > 0);
    const unconnected = connected ? validateConnections(value, written) : [];
    problems.push(...[...invalid, ...unconnected].map((problem) => ({ ...problem, ...locate(problem.path) })));
    if (resource === null && kindOf(value) === "Pipeline") drafts.push({ spec: (value as Head).spec, locate });
    if (resource === null || wrong.length > 0) continue;
    if (resource.kind === "Pipeline") pipelines.push({ resource, file, locate });
    else connections.push({ resource, file, locate });
  }
  return {
    pipelines,
    connections,
    drafts,
    problems: inOrder(
      problems,
      files.map(({ file }) => file),
    ),
  };
}

interface Head {
  readonly kind?: unknown;
  readonly spec?: unknown;
  readonly metadata?: { readonly name?: unknown; readonly namespace?: unknown } | null;
}
const kindOf = (value: unknown): unknown => (value as Head | null | undefined)?.kind;

/** Two of a kind with one name: `kubectl apply` would let the last one win without a word. */
function duplicates(documents: readonly YamlText[]): ManifestProblem[] {
  const first = new Map<string, Location>();
  return documents.flatMap(({ value, locate }): ManifestProblem[] => {
    const { kind, metadata } = (value ?? {}) as Head;
    if (typeof kind !== "string" || typeof metadata?.name !== "string") return [];
    const key = JSON.stringify([kind, metadata.namespace, metadata.name]);
    const here = locate("metadata.name");
    const earlier = first.get(key);
    if (earlier === undefined) {
      first.set(key, here);
      return [];
    }
    const message = `there is a ${kind} "${metadata.name}" at ${earlier.file}:${earlier.line} already: rename one`;
    return [{ ...here, path: "metadata.name", message }];
  });
}

function inOrder(problems: readonly ManifestProblem[], files: readonly string[]): readonly ManifestProblem[] {
  return problems.toSorted((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column);
}
