/** A part of the tree and what its files may import. The first room whose path begins a file's path is that file's room. */
export interface Room {
  /** Begins the paths of its files. `*` stands for one folder name, so that each such folder is a room of its own. */
  readonly path: string;
  /** What it may import besides itself: paths that begin with one of these. */
  readonly may: readonly string[];
  /** npm packages it may import. */
  readonly packages: readonly string[];
  readonly why: string;
}

const kafkaClient = ["@platformatic/kafka", "@node-rs/crc32", "aws-msk-iam-sasl-signer-js"];
/** What every part of the data plane may know: the components' contract, the shape of rows and columns, the manifests. */
const contract = [
  "runtime/component/",
  ...["column", "compiled", "duckdb-type", "parquet-types", "rows", "type"].map((name) => `transform/${name}.ts`),
  "crds/",
];
const connector = "a connector knows the component contract, its own client library and crds/, never another connector";

/** The rooms of the project, most special first. */
export const rooms: readonly Room[] = [
  {
    path: "crds/",
    may: [],
    packages: ["@marcbachmann/cel-js", "fastest-levenshtein"],
    why: "crds/ is the contract: it depends on nothing",
  },
  {
    path: "transform/",
    may: ["crds/"],
    packages: ["@duckdb/node-api", "fastest-levenshtein"],
    why: "transform/ knows only the contract",
  },
  { path: "runtime/component/", may: contract, packages: ["pino"], why: "the component contract knows no component" },
  {
    path: "runtime/engine/",
    may: [...contract, "transform/"],
    packages: ["pino", "prom-client"],
    why: "the engine knows no connector",
  },
  { path: "runtime/oauth/", may: contract, packages: [], why: "OAuth knows no connector" },
  {
    path: "runtime/kafka/",
    may: [...contract, "runtime/oauth/"],
    packages: [...kafkaClient, "pino"],
    why: "the Kafka client knows no connector",
  },
  {
    path: "runtime/snowflake/",
    may: [...contract, "runtime/oauth/"],
    packages: ["snowflake-sdk", "pino"],
    why: "the Snowflake client knows no connector",
  },
  {
    path: "runtime/lineage/",
    may: [...contract, "transform/column-lineage.ts", "runtime/engine/", "runtime/snowflake/identifiers.ts"],
    packages: ["pino", "prom-client"],
    why: "lineage tells what a run reads and writes: it looks at the engine, never at a connector",
  },
  {
    path: "runtime/tracing/",
    may: [...contract, "runtime/engine/"],
    packages: [
      "@opentelemetry/api",
      "@opentelemetry/core",
      "@opentelemetry/exporter-trace-otlp-proto",
      "@opentelemetry/resources",
      "@opentelemetry/sdk-trace-base",
      "pino",
      "prom-client",
    ],
    why: "tracing tells how long a batch was where: it looks at the engine, never at a connector",
  },
  { path: "runtime/formats/", may: contract, packages: ["avsc", "pino"], why: connector },
  { path: "runtime/sources/kafka/", may: [...contract, "runtime/kafka/"], packages: [...kafkaClient, "pino"], why: connector },
  {
    path: "runtime/dead-letters/kafka/",
    may: [...contract, "runtime/kafka/"],
    packages: [...kafkaClient, "pino"],
    why: connector,
  },
  { path: "runtime/sources/files/", may: contract, packages: ["@duckdb/node-api", "pino"], why: connector },
  { path: "runtime/sinks/duckdb/", may: contract, packages: ["@duckdb/node-api", "pino"], why: connector },
  {
    path: "runtime/sinks/snowflake/",
    may: [...contract, "runtime/snowflake/"],
    packages: ["@duckdb/node-api", "pino"],
    why: connector,
  },
  { path: "runtime/sources/*/", may: contract, packages: ["pino"], why: connector },
  { path: "runtime/sinks/*/", may: contract, packages: ["pino"], why: connector },
  { path: "runtime/dead-letters/*/", may: contract, packages: ["pino"], why: connector },
  {
    path: "runtime/",
    may: ["transform/", "crds/"],
    packages: ["pino", "prom-client"],
    why: "operator and runtime meet only in crds/ and transform/",
  },
  {
    path: "operator/kube/",
    may: [],
    packages: ["@kubernetes/client-node", "undici", "prom-client"],
    why: "the API port knows no kind",
  },
  {
    path: "operator/control/",
    may: ["operator/kube/"],
    packages: ["pino", "prom-client"],
    why: "the control loop knows no kind: it could be published on its own",
  },
  { path: "operator/compile/", may: ["transform/", "crds/"], packages: ["pino"], why: "compiling knows no cluster" },
  {
    path: "operator/webhook/",
    may: ["operator/kube/", "operator/control/", "operator/compile/", "operator/scaling/", "crds/"],
    packages: ["@peculiar/x509", "reflect-metadata", "pino", "prom-client"],
    why: "admission knows no workload",
  },
  {
    path: "operator/scaling/",
    may: ["crds/"],
    packages: ["croner"],
    why: "how many pods are to run is a pure function of numbers: it knows no cluster",
  },
  {
    path: "operator/probe/",
    may: ["operator/kube/", "operator/control/", "operator/scaling/", "crds/"],
    packages: ["pino", "prom-client"],
    why: "probing a source knows no workload, and hands secrets only to its own process",
  },
  {
    path: "operator/pipeline/",
    may: ["operator/kube/", "operator/control/", "operator/compile/", "operator/scaling/", "operator/probe/", "crds/"],
    packages: ["pino", "prom-client"],
    why: "a pipeline's workload knows no admission and no transport",
  },
  {
    path: "operator/operator.ts",
    may: ["operator/", "transform/", "crds/", "runtime/probe-main.ts"],
    packages: ["pino", "prom-client"],
    why: "it knows where the program is that looks at sources, and starts it as a process of its own",
  },
  {
    path: "operator/",
    may: ["transform/", "crds/"],
    packages: ["pino", "prom-client"],
    why: "operator and runtime meet only in crds/ and transform/",
  },
  {
    path: "cli/",
    may: ["operator/", "runtime/", "transform/", "crds/", "warehouse/"],
    packages: ["commander", "yaml", "pino", "prom-client", "avsc", "@duckdb/node-api"],
    why: "the product never imports its tests or its tooling",
  },
  {
    path: "warehouse/",
    may: [],
    packages: ["@duckdb/node-api", "@polyglot-sql/sdk", "pino"],
    why: "the stand-in for Snowflake is a program of its own: it shares nothing with the product",
  },
  { path: "charts/", may: [], packages: [], why: "what helm test runs is alone in its pod: it comes with the chart" },
  { path: "bin/", may: ["cli/", "development/set-up.mjs"], packages: [], why: "bin/ only starts cli/" },
  {
    path: "development/",
    may: [
      "cli/",
      "operator/",
      "runtime/",
      "transform/",
      "crds/",
      "warehouse/",
      "test/kafka/",
      "test/cluster/",
      "test/snowflake/",
    ],
    packages: ["yaml", "@duckdb/node-api", "kafkajs", "@platformatic/kafka"],
    why: "tooling may use the product and the real parts that the tests start",
  },
  {
    path: "test/",
    may: ["cli/", "operator/", "runtime/", "transform/", "crds/", "development/", "bin/", "warehouse/"],
    packages: [
      "vitest",
      "kafkajs",
      "oxc-parser",
      "vega-datasets",
      "pino",
      "prom-client",
      "yaml",
      "avsc",
      "ajv",
      "@opentelemetry/core",
      "@opentelemetry/sdk-trace-base",
      "@marcbachmann/cel-js",
      "@duckdb/node-api",
      "@platformatic/kafka",
      "snowflake-sdk",
      "undici",
    ],
    why: "tests may use everything",
  },
  { path: "vitest.config.ts", may: [], packages: ["vitest"], why: "a config imports its tool" },
];

/** Only these files touch the environment: the programs' entries, the tooling and the tests. */
export const readsEnvironment = [
  "cli/main.ts",
  "runtime/main.ts",
  "operator/main.ts",
  "bin/",
  "development/",
  "test/",
  // The driver is switched by its environment only.
  "runtime/snowflake/driver.ts",
];

/** The path of the room's own folder that `path` lies in (`*` filled in), or undefined if it lies elsewhere. */
export function ownFolder(room: Room, path: string): string | undefined {
  const wanted = room.path.split("/");
  const parts = path.split("/");
  const fits = wanted.every((part, at) =>
    at === wanted.length - 1 ? (parts[at] ?? "").startsWith(part) : part === "*" ? parts[at] !== undefined : part === parts[at],
  );
  if (!fits) return undefined;
  return [...parts.slice(0, wanted.length - 1), wanted.at(-1)].join("/");
}
