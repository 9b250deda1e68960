import { globSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { expect, test } from "vitest";
import { complaints } from "./tidy/complaints.ts";

const root = join(import.meta.dirname, "..");

test("the repository keeps its rules", () => {
  const folders = "{bin,charts,cli,crds,development,operator,runtime,test,transform,warehouse}/**/*.{ts,mjs}";
  const paths = globSync([folders, "*.ts"], { cwd: root }).map((path) => path.split(sep).join("/"));
  expect(paths.length).toBeGreaterThan(50);
  expect(complaints(new Map(paths.map((path) => [path, readFileSync(join(root, path), "utf8")])))).toEqual([]);
});

/** A small tree that keeps every rule, comments and strings that look like violations included. */
const tidy: Readonly<Record<string, string>> = {
  "crds/schema.ts": `
/** A type. */
export interface Spec { readonly name: string }
// import "../runtime/engine/loop.ts"; export default 1; process.env.HOME
/** Not an import. */
export const text = 'import "../runtime/engine/loop.ts"; process.env.HOME';
/** Overloads share a comment. */
export function parse(value: string): Spec;
export function parse(value: number): Spec;
export function parse(value: unknown): Spec { return { name: String(value) }; }
/** Where its own file is. */
export const folder = new URL(".", import.meta.url);
`,
  "crds/kind.ts": `
import { text, type Spec } from "./schema.ts";
declare function object(description: string): Spec;
export const kind = object("A schema value says itself what it is.");
export type Kind = Static<typeof kind>;
export type { Spec } from "./schema.ts";
type Static<T> = T;
console.log(text);
`,
  "transform/column.ts": 'import type { Spec } from "../crds/schema.ts";\n/** A column. */\nexport type Column = Spec;\n',
  "transform/run.ts":
    'import { DuckDBInstance } from "@duckdb/node-api";\n/** Runs. */\nexport const run = () => DuckDBInstance;\n',
  "runtime/component/sink.ts":
    'import type { Column } from "../../transform/column.ts";\n/** A sink. */\nexport type Sink = Column;\n',
  "runtime/engine/loop.ts":
    'import type { Sink } from "../component/sink.ts";\n/** Loops. */\nexport const loop = (sink: Sink) => sink;\n',
  "runtime/kafka/client.ts": '/** Connects. */\nexport const client = () => import("@platformatic/kafka");\n',
  "runtime/sources/kafka/fetch.ts": 'import "../../kafka/client.ts";\n',
  "runtime/sources/files/glob.ts": 'import { glob } from "node:fs";\n/** Globs. */\nexport const files = glob;\n',
  "runtime/assemble.ts": 'import "./sources/kafka/fetch.ts";\nimport "./engine/loop.ts";\nimport "../transform/run.ts";\n',
  "cli/main.ts": 'import "commander";\nimport "../runtime/assemble.ts";\nconsole.log(process.env["HOME"]);\n',
  "test/crds/schema.test.ts": 'import "vitest";\nimport "../../crds/schema.ts";\n',
  "test/crds/generated.test.ts": 'import "vitest";\n',
  "test/kafka/broker.ts": "",
  "test/kafka/broker.test.ts": 'import "./broker.ts";\n',
};

test("a tidy tree draws no complaint", () => {
  expect(complaints(new Map(Object.entries(tidy)))).toEqual([]);
});

interface Seed {
  readonly violation: string;
  /** Files that are put into the tidy tree, or take the place of one. */
  readonly files: Readonly<Record<string, string>>;
  readonly complaint: string;
}

const room = "a connector knows the component contract, its own client library and crds/, never another connector";
const lines = (count: number): string => "// line\n".repeat(count);

const seeds: readonly Seed[] = [
  {
    violation: "crds/ imports the transform",
    files: { "crds/new.ts": 'import { run } from "../transform/run.ts";\nrun();\n' },
    complaint: "crds/new.ts:1: may not import transform/run.ts: crds/ is the contract: it depends on nothing",
  },
  {
    violation: "a type import crosses rooms",
    files: { "crds/new.ts": '\nimport type { Sink } from "../runtime/component/sink.ts";\n' },
    complaint: "crds/new.ts:2: may not import runtime/component/sink.ts: crds/ is the contract: it depends on nothing",
  },
  {
    violation: "an inline type import crosses rooms",
    files: { "crds/new.ts": 'type S = import("../runtime/component/sink.ts").Sink;\n' },
    complaint: "crds/new.ts:1: may not import runtime/component/sink.ts: crds/ is the contract: it depends on nothing",
  },
  {
    violation: "a re-export crosses rooms",
    files: { "transform/new.ts": 'export * from "../runtime/component/sink.ts";\n' },
    complaint: "transform/new.ts:1: may not import runtime/component/sink.ts: transform/ knows only the contract",
  },
  {
    violation: "a type re-export crosses rooms",
    files: { "transform/new.ts": 'export type { Sink } from "../runtime/component/sink.ts";\n' },
    complaint: "transform/new.ts:1: may not import runtime/component/sink.ts: transform/ knows only the contract",
  },
  {
    violation: "a side-effect import crosses rooms",
    files: { "transform/new.ts": 'import "../runtime/engine/loop.ts";\n' },
    complaint: "transform/new.ts:1: may not import runtime/engine/loop.ts: transform/ knows only the contract",
  },
  {
    violation: "a dynamic import with another quote crosses rooms",
    files: { "runtime/engine/new.ts": "await import('../sources/kafka/fetch.ts');\n" },
    complaint: "runtime/engine/new.ts:1: may not import runtime/sources/kafka/fetch.ts: the engine knows no connector",
  },
  {
    violation: "a worker's URL crosses rooms",
    files: {
      "runtime/engine/new.ts":
        'new Worker(new URL("../sources/kafka/fetch.ts", import.meta.url));\nnew URL("loop.ts", import.meta.url);\n',
    },
    complaint: "runtime/engine/new.ts:1: may not import runtime/sources/kafka/fetch.ts: the engine knows no connector",
  },
  {
    violation: "an import spread over lines crosses rooms",
    files: { "runtime/engine/new.ts": 'import {\n  files,\n} from /* why */\n  "../sources/files/glob.ts";\nfiles();\n' },
    complaint: "runtime/engine/new.ts:1: may not import runtime/sources/files/glob.ts: the engine knows no connector",
  },
  {
    violation: "a dynamic import computes its name",
    files: { "runtime/registry.ts": "const name = process.argv[2];\nawait import(`./sources/${name}.ts`);\n" },
    complaint: "runtime/registry.ts:2: imports a computed name: nobody can tell what; write the name out",
  },
  {
    violation: "a connector imports another connector",
    files: { "runtime/sources/kafka/new.ts": 'import "../files/glob.ts";\n' },
    complaint: `runtime/sources/kafka/new.ts:1: may not import runtime/sources/files/glob.ts: ${room}`,
  },
  {
    violation: "a new connector imports the Kafka client's room",
    files: { "runtime/sinks/pulsar/new.ts": 'import "../../kafka/client.ts";\n' },
    complaint: `runtime/sinks/pulsar/new.ts:1: may not import runtime/kafka/client.ts: ${room}`,
  },
  {
    violation: "a connector runs SQL through the transform's inside",
    files: { "runtime/sources/files/new.ts": 'import "../../../transform/run.ts";\n' },
    complaint: `runtime/sources/files/new.ts:1: may not import transform/run.ts: ${room}`,
  },
  {
    violation: "a connector knows the engine",
    files: { "runtime/sources/files/new.ts": 'import "../../engine/loop.ts";\n' },
    complaint: `runtime/sources/files/new.ts:1: may not import runtime/engine/loop.ts: ${room}`,
  },
  {
    violation: "the operator imports the runtime",
    files: { "operator/new.ts": 'import "../runtime/assemble.ts";\n' },
    complaint: "operator/new.ts:1: may not import runtime/assemble.ts: operator and runtime meet only in crds/ and transform/",
  },
  {
    violation: "the runtime imports the operator",
    files: { "operator/new.ts": "", "runtime/new.ts": 'import "../operator/new.ts";\n' },
    complaint: "runtime/new.ts:1: may not import operator/new.ts: operator and runtime meet only in crds/ and transform/",
  },
  {
    violation: "the product imports its tests",
    files: { "cli/new.ts": 'import "../test/kafka/broker.ts";\n' },
    complaint: "cli/new.ts:1: may not import test/kafka/broker.ts: the product never imports its tests or its tooling",
  },
  {
    violation: "a package is used outside its room",
    files: { "runtime/engine/new.ts": 'import type { DuckDBConnection } from "@duckdb/node-api";\n' },
    complaint: "runtime/engine/new.ts:1: the package @duckdb/node-api is not for runtime/engine/: see test/tidy/rooms.ts",
  },
  {
    violation: "a package's inner module is used outside its room",
    files: { "runtime/sources/kafka/new.ts": 'import "prom-client/lib/registry.js";\n' },
    complaint:
      "runtime/sources/kafka/new.ts:1: the package prom-client is not for runtime/sources/kafka/: see test/tidy/rooms.ts",
  },
  {
    violation: "a package is required",
    files: { "crds/new.ts": 'require("commander");\n' },
    complaint: "crds/new.ts:1: the package commander is not for crds/: see test/tidy/rooms.ts",
  },
  {
    violation: "a built-in module lacks its prefix",
    files: { "cli/new.ts": 'import "fs";\n' },
    complaint: "cli/new.ts:1: the package fs is not for cli/: see test/tidy/rooms.ts",
  },
  {
    violation: "files import each other",
    files: {
      "crds/one.ts": 'import "./two.ts";\n',
      "crds/two.ts": 'import "./three.ts";\n',
      "crds/three.ts": 'import "./one.ts";\n',
    },
    complaint: "crds/one.ts -> crds/two.ts -> crds/three.ts -> crds/one.ts: an import cycle, type imports included",
  },
  {
    violation: "types import each other",
    files: { "crds/one.ts": 'import type { Two } from "./two.ts";\n', "crds/two.ts": 'type One = import("./one.ts").One;\n' },
    complaint: "crds/one.ts -> crds/two.ts -> crds/one.ts: an import cycle, type imports included",
  },
  {
    violation: "a file belongs nowhere",
    files: { "lib/new.ts": "" },
    complaint: "lib/new.ts: belongs to no room: see test/tidy/rooms.ts",
  },
  {
    violation: "a name is not in kebab-case",
    files: { "crds/newKind.ts": "" },
    complaint: "crds/newKind.ts: name it in kebab-case",
  },
  {
    violation: "a file is named after nothing",
    files: { "crds/string-utils.ts": "" },
    complaint: 'crds/string-utils.ts: "string-utils" says nothing: name it after what it does',
  },
  {
    violation: "a file holds types",
    files: { "crds/types.ts": "" },
    complaint: 'crds/types.ts: "types" says nothing: name it after what it does',
  },
  {
    violation: "a room holds what is shared",
    files: { "runtime/shared/clock.ts": "" },
    complaint: 'runtime/shared/clock.ts: "shared" says nothing: name it after what it does',
  },
  {
    violation: "a file is too long",
    files: { "crds/long.ts": lines(401) },
    complaint: "crds/long.ts: has 401 lines, more than 400: split it",
  },
  {
    violation: "something is exported as default",
    files: { "crds/new.ts": "/** One. */\nexport default function one(): void {}\n" },
    complaint: "crds/new.ts:2: export it by its name, not as default",
  },
  {
    violation: "something is exported as default by a list",
    files: { "crds/new.ts": "const one = 1;\nexport { one as default };\n" },
    complaint: "crds/new.ts:2: export it by its name, not as default",
  },
  {
    violation: "an export has no doc comment",
    files: { "crds/new.ts": "/** One. */\nexport const one = 1;\n// two\nexport const two = 2;\n" },
    complaint: "crds/new.ts:4: two is exported without a doc comment",
  },
  {
    violation: "an export's doc comment is not its own",
    files: { "crds/new.ts": "/** One. */\nconst one = 1;\nexport interface Two { one: typeof one }\n" },
    complaint: "crds/new.ts:3: Two is exported without a doc comment",
  },
  {
    violation: "a room reads the environment",
    files: { "runtime/new.ts": "\nconsole.log(process.env.HOME);\n" },
    complaint: "runtime/new.ts:2: only main files read process.env: take it as an argument",
  },
  {
    violation: "a room reads the environment by another name",
    files: { "runtime/new.ts": 'import { env } from "node:process";\nconsole.log(env);\n' },
    complaint: "runtime/new.ts:1: only main files read process.env: take it as an argument",
  },
  {
    violation: "a room takes the environment apart",
    files: { "runtime/new.ts": "const { env } = globalThis.process;\nconsole.log(env);\n" },
    complaint: "runtime/new.ts:1: only main files read process.env: take it as an argument",
  },
  {
    violation: "a room keeps state",
    files: { "runtime/new.ts": "let count = 0;\ncount += 1;\n" },
    complaint: "runtime/new.ts:1: module-level state: put it in what uses it",
  },
  {
    violation: "a checker is silenced without a reason",
    files: { "runtime/new.ts": "// oxlint-disable-next-line no-console\nconsole.log(1);\n" },
    complaint: "runtime/new.ts:1: silences a checker: say why after `--`, or mend it",
  },
  {
    violation: "the type checker is silenced for good",
    files: { "runtime/new.ts": "\n// @ts-ignore it is fine\nconsole.log(1);\n" },
    complaint: "runtime/new.ts:2: silences a checker: say why after `--`, or mend it",
  },
  {
    violation: "a test stands in no room",
    files: { "test/schema.test.ts": "" },
    complaint: "test/schema.test.ts: there is no test/schema/ to test: a test stands where its subject stands",
  },
  {
    violation: "a test outlives its room",
    files: { "test/runtime/sinks/oracle/load.test.ts": "" },
    complaint:
      "test/runtime/sinks/oracle/load.test.ts: there is no runtime/sinks/oracle/ to test: a test stands where its subject stands",
  },
];

test.for(seeds)("it complains when $violation", ({ files, complaint }) => {
  expect(complaints(new Map(Object.entries({ ...tidy, ...files })))).toEqual([complaint]);
});
