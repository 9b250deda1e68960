import type { ColumnOrigin } from "../../transform/column-lineage.ts";
import type { Column } from "../../transform/column.ts";
import type { Dataset } from "./dataset.ts";

/** What a pipeline is, as every event of it says. */
export interface LineageJob {
  readonly namespace: string;
  readonly name: string;
  /** The owner's statement. */
  readonly sql: string;
  /** Seconds that a RUNNING event tells of. */
  readonly windowSeconds: number;
}

/** What has happened since the event before. */
export interface LineageWindow {
  /** Records that were loaded, rejected or skipped. */
  readonly recordsRead: number;
  readonly rowsLoaded: number;
}

/** One event of a run. */
export interface LineageEvent {
  readonly type: "START" | "RUNNING" | "COMPLETE" | "ABORT" | "FAIL";
  readonly atMs: number;
  readonly runId: string;
  readonly job: LineageJob;
  readonly inputs: readonly Dataset[];
  readonly output: Dataset;
  /** Declared columns of the source, and columns of the table, with DuckDB types. */
  readonly columns: { readonly input: readonly Column[]; readonly output: readonly Column[] };
  /** Where the output's columns come from; null where that is not known. */
  readonly origins: readonly ColumnOrigin[] | null;
  /** null: nothing can have happened yet. */
  readonly window: LineageWindow | null;
  /** Why it failed, in a sentence without secrets; null: it did not. */
  readonly error: string | null;
}

const producer = "https://snowline.dev";
/** Version of the specification, and of each facet that is used. */
const specification = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";
const facets = {
  sql: "1-1-0/SQLJobFacet",
  jobType: "2-0-4/JobTypeJobFacet",
  columnLineage: "1-2-0/ColumnLineageDatasetFacet",
  schema: "1-2-0/SchemaDatasetFacet",
  errorMessage: "1-0-1/ErrorMessageRunFacet",
  inputStatistics: "1-0-0/InputStatisticsInputDatasetFacet",
  outputStatistics: "1-0-2/OutputStatisticsOutputDatasetFacet",
} as const;

/** The facet of this name, to be put among the others. */
function facet(name: keyof typeof facets, members: object): object {
  const [version, definition] = facets[name].split("/");
  const schemaUrl = `https://openlineage.io/spec/facets/${version}/${definition}.json#/$defs/${definition}`;
  return { [name]: { _producer: producer, _schemaURL: schemaUrl, ...members } };
}

const schemaFacet = (columns: readonly Column[]): object =>
  facet("schema", { fields: columns.map(({ name, type }, index) => ({ name, type, ordinal_position: index + 1 })) });

/** Inputs whose columns are told apart: an event has each column once for each of them. */
const lineageInputsMax = 10;

function lineageFacet({ origins, inputs }: LineageEvent): object {
  if (origins === null || inputs.length > lineageInputsMax) return {};
  const fields = origins.map(({ output, inputs: names, identity }) => {
    const transformations = [{ type: "DIRECT", subtype: identity ? "IDENTITY" : "TRANSFORMATION" }];
    const inputFields = inputs.flatMap(({ namespace, name }) =>
      names.map((field) => ({ namespace, name, field, transformations })),
    );
    return [output, { inputFields }] as const;
  });
  return facet("columnLineage", { fields: Object.fromEntries(fields) });
}

/** The event's JSON, an OpenLineage RunEvent 2-0-2. Pure. */
export function runEvent(event: LineageEvent): object {
  const { type, atMs, runId, job, inputs, output, columns, window, error } = event;
  // Which of several datasets a record is of is not counted.
  const read = window === null || inputs.length !== 1 ? {} : facet("inputStatistics", { rowCount: window.recordsRead });
  const written = window === null ? {} : facet("outputStatistics", { rowCount: window.rowsLoaded });
  return {
    eventType: type,
    eventTime: new Date(atMs).toISOString(),
    producer,
    schemaURL: specification,
    run: {
      runId,
      facets: error === null ? {} : facet("errorMessage", { message: error, programmingLanguage: "TypeScript" }),
    },
    job: {
      namespace: job.namespace,
      name: job.name,
      facets: {
        ...facet("sql", { query: job.sql, dialect: "duckdb" }),
        ...facet("jobType", {
          processingType: "STREAMING",
          integration: "SNOWLINE",
          jobType: "PIPELINE",
          // Each event stands for itself: what it counts came since the event before.
          emissionPattern: {
            eventTrigger: "PERIODIC",
            eventContentMode: "COMPLETE_SNAPSHOT",
            windowDuration: job.windowSeconds,
          },
        }),
      },
    },
    inputs: inputs.map((dataset) => ({ ...dataset, facets: schemaFacet(columns.input), inputFacets: read })),
    outputs: [{ ...output, facets: { ...schemaFacet(columns.output), ...lineageFacet(event) }, outputFacets: written }],
  };
}
