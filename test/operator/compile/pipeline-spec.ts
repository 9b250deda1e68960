import type { Pipeline, PipelineSpec } from "../../../crds/kinds/pipeline.ts";
import { validate } from "../../../crds/validate.ts";

/** A right Pipeline with this SQL over `id VARCHAR, amount INTEGER`, and further members of its spec. */
export function pipelineWith(sql: string, spec: Readonly<Record<string, unknown>> = {}) {
  return {
    apiVersion: "snowline.dev/v1alpha1",
    kind: "Pipeline",
    metadata: { name: "orders" },
    spec: {
      source: {
        kafka: {
          connection: "events",
          topics: ["orders"],
          format: { json: { columns: { id: "VARCHAR", amount: "INTEGER" } } },
        },
      },
      transform: { sql },
      sink: { duckdb: { path: "orders.duckdb", table: "orders" } },
      ...spec,
    },
  };
}

/** Its spec with the defaults, as the API server has it. */
export function specWith(sql: string, spec: Readonly<Record<string, unknown>> = {}): PipelineSpec {
  const { resource, problems } = validate(pipelineWith(sql, spec));
  if (resource === null) throw new Error(problems.map(({ path, message }) => `${path}: ${message}`).join("\n"));
  return (resource as Pipeline).spec;
}
