import { integer, object, optional, type Static, string, withDefault } from "../schema.ts";
import { secretReference } from "../secret-reference.ts";
import { httpUrl } from "../url.ts";

/** Who is told what the pipeline reads and writes. */
export const pipelineLineage = object(
  "Who is told what the pipeline reads and writes. A receiver that does not answer never slows it.",
  {
    openLineage: object("An OpenLineage receiver, such as Marquez: events of a run, one for each window, by HTTP.", {
      url: httpUrl("Where events are posted, path included, such as `https://marquez.example/api/v1/lineage`."),
      namespace: optional(
        string("Namespace of the job. Default: `snowline://` and the Pipeline's namespace.", { minLength: 1, maxLength: 512 }),
      ),
      everySeconds: withDefault(
        integer("How often a RUNNING event tells what was loaded since the last.", { minimum: 10, maximum: 86_400 }),
        300,
      ),
      apiKeyFrom: optional(secretReference("The receiver's API key, sent as a bearer token")),
    }),
  },
);
export type PipelineLineage = Static<typeof pipelineLineage>;
