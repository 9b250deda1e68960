import { duckdbSink } from "../connectors/duckdb.ts";
import { filesDeadLetter, filesSink, filesSource } from "../connectors/files.ts";
import { kafkaDeadLetter, kafkaSource } from "../connectors/kafka.ts";
import { boolean, integer, object, oneOf, optional, type Static, withDefault } from "../schema.ts";
import { pipelineTransform } from "./transform.ts";

const scaling = object(
  "Autoscaling. It decides how many pods run; it never writes the spec.",
  {
    min: withDefault(integer("Fewest pods. 0 leaves no pod while there is nothing to read.", { minimum: 0, maximum: 1000 }), 1),
    max: integer("Most pods.", { minimum: 1, maximum: 1000 }),
    targetLagSeconds: withDefault(integer("How far behind the newest record the table may be.", { minimum: 1, maximum: 86_400 }), 60),
  },
  [{ rule: "self.min <= self.max", message: "min is above max: lower min or raise max" }],
);

const pipelineSource = oneOf("Where records come from.", { kafka: kafkaSource, files: filesSource });
export type PipelineSource = Static<typeof pipelineSource>;

const pipelineSink = oneOf("Where rows go.", { duckdb: duckdbSink, files: filesSink });
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

/** `Pipeline`: from a source through one SQL statement into a table. */
export const pipelineSpec = object(
  "From a source through one SQL statement into a table, each record exactly once.",
  {
    source: pipelineSource,
    transform: optional(pipelineTransform),
    sink: pipelineSink,
    deadLetter: pipelineDeadLetter,
    replicas: optional(
      integer("Pods to run; also what the scale subresource, HPA and KEDA write. Default: 1.", { minimum: 0, maximum: 1000, format: "int32" }),
    ),
    scaling: optional(scaling),
    suspend: optional(boolean("Drain and stop: what was read is loaded, then no pod runs.")),
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
      rule: "!has(self.sink.duckdb) || ((!has(self.replicas) || self.replicas <= 1) && (!has(self.scaling) || self.scaling.max <= 1))",
      message: "sink.duckdb lets one process write to its file: set replicas (or scaling.max) to 1",
    },
  ],
);
export type PipelineSpec = Static<typeof pipelineSpec>;
