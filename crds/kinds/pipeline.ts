import { duckdbSink } from "../connectors/duckdb.ts";
import { filesDeadLetter, filesSink, filesSource } from "../connectors/files.ts";
import { snowflakeSink } from "../connectors/snowflake.ts";
import { kafkaDeadLetter, kafkaSource } from "../connectors/kafka.ts";
import { boolean, integer, object, oneOf, optional, type Static, withDefault } from "../schema.ts";
import { type Kind, type Resource } from "./kind.ts";
import { pipelineStatus } from "./pipeline-status.ts";
import { podOverrides } from "./pod-overrides.ts";
import { pipelineLineage } from "./lineage.ts";
import { pipelineQuality } from "./quality.ts";
import { pipelineScaling } from "./scaling.ts";
import { pipelineTransform } from "./transform.ts";

const pipelineSource = oneOf("Where records come from.", { kafka: kafkaSource, files: filesSource });
export type PipelineSource = Static<typeof pipelineSource>;

const pipelineSink = oneOf("Where rows go.", {
  duckdb: duckdbSink,
  files: filesSink,
  snowflake: snowflakeSink,
});
export type PipelineSink = Static<typeof pipelineSink>;

const pipelineDeadLetter = withDefault(
  oneOf("Where a record goes that cannot become a row, with its bytes, position and the reason.", {
    kafka: kafkaDeadLetter,
    files: filesDeadLetter,
    stop: object("Nowhere: the pipeline stops at the record, with a condition that names it.", {}),
  }),
  { stop: {} },
);
export type PipelineDeadLetter = Static<typeof pipelineDeadLetter>;

const pipelineSpec = object(
  "From a source through one SQL statement into a table, each record exactly once.",
  {
    source: pipelineSource,
    transform: optional(pipelineTransform),
    sink: pipelineSink,
    deadLetter: pipelineDeadLetter,
    replicas: optional(
      integer(
        "Pods to run. Without it one, but set it where an HPA or KEDA is to scale: the scale subresource reads and writes it.",
        { minimum: 0, maximum: 1000, format: "int32" },
      ),
    ),
    scaling: optional(pipelineScaling),
    suspend: optional(boolean("Drain and stop: what was read is loaded, then no pod runs.")),
    rollout: optional(
      object("How a change of the spec comes about.", {
        deadlineSeconds: optional(
          integer(
            "How long new pods may take to prove themselves: read, transform and load. After that the last good spec runs again. Default: the operator's, 600.",
            { minimum: 10, maximum: 86_400, format: "int32" },
          ),
        ),
      }),
    ),
    quality: optional(pipelineQuality),
    lineage: optional(pipelineLineage),
    pod: optional(podOverrides),
  },
  [
    {
      rule: "!(has(self.replicas) && has(self.scaling))",
      message: "replicas and scaling exclude each other: remove replicas to let Snowline scale, or scaling to do it yourself",
    },
    {
      rule: "!has(self.source.files) || ((!has(self.replicas) || self.replicas <= 1) && (!has(self.scaling) || self.scaling.max <= 1))",
      message: "source.files has one reader: set replicas (or scaling.max) to 1",
    },
    {
      rule: "!has(self.scaling) || self.scaling.min > 0 || has(self.source.kafka)",
      message: "scaling.min 0 needs source.kafka, whose offsets tell when to begin again: set scaling.min to 1",
    },
    {
      rule: "!has(self.sink.duckdb) || ((!has(self.replicas) || self.replicas <= 1) && (!has(self.scaling) || self.scaling.max <= 1))",
      message: "sink.duckdb lets one process write to its file: set replicas (or scaling.max) to 1",
    },
  ],
);
export type PipelineSpec = Static<typeof pipelineSpec>;

/** From a source through one SQL statement into a table. */
export const pipelineKind: Kind = {
  kind: "Pipeline",
  plural: "pipelines",
  shortNames: ["pl"],
  categories: ["all", "snowline"],
  description: "Carries records from a source through one SQL statement into a table, each record exactly once.",
  spec: pipelineSpec.json,
  status: pipelineStatus.json,
  columns: [
    {
      name: "Ready",
      type: "string",
      jsonPath: '.status.conditions[?(@.type=="Ready")].status',
      description: "Whether the spec as it is now works.",
    },
    { name: "Status", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].reason', description: "Why." },
    { name: "Pods", type: "string", jsonPath: ".status.pods", description: "Pods that are ready, of those wanted." },
    { name: "Lag(s)", type: "integer", jsonPath: ".status.lag.seconds", description: "Age of the oldest record not yet loaded." },
    {
      name: "Rows/s",
      type: "integer",
      jsonPath: ".status.rates.rowsPerSecond",
      description: "Rows loaded, over the last minute.",
    },
    {
      name: "Lag records",
      type: "integer",
      jsonPath: ".status.lag.records",
      description: "Records not yet loaded.",
      priority: 1,
    },
    {
      name: "Rejected",
      type: "integer",
      jsonPath: ".status.totals.recordsRejected",
      description: "Records sent to the dead letters.",
    },
    {
      name: "Loaded",
      type: "date",
      jsonPath: ".status.lastLoadTime",
      description: "How long ago rows were last loaded.",
      priority: 1,
    },
    {
      name: "Revision",
      type: "string",
      jsonPath: ".status.revision",
      description: "The revision that the pods are to run.",
      priority: 1,
    },
    {
      name: "Message",
      type: "string",
      jsonPath: '.status.conditions[?(@.type=="Ready")].message',
      description: "Why, in a sentence.",
      priority: 1,
    },
  ],
  scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas", labelSelectorPath: ".status.selector" },
};
/** A Pipeline that passed its schema. */
export type Pipeline = Resource<"Pipeline", PipelineSpec>;
