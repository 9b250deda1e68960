import type { FileFormat, Format } from "../crds/format.ts";
import type { PipelineSource } from "../crds/kinds/pipeline.ts";
import { avroColumns } from "./avro-columns.ts";
import { checkColumns } from "./check-columns.ts";
import type { Column } from "./column.ts";
import type { SqlProblem } from "./compiled.ts";

/**
 * The columns of `source`, in the manifest's order and in DuckDB's spelling, or what is wrong with their declaration.
 * `areProblems` tells which. A JSON record without declared columns is one column, `value JSON`; a raw one is `value VARCHAR`
 * or `value BLOB`; an Avro record without declared columns has the fields of its schema.
 */
export function sourceColumns(source: PipelineSource): Column[] | SqlProblem[] {
  if (source.kafka !== undefined) return formatColumns(source.kafka.format, "source.kafka.format");
  return formatColumns(source.files.format, "source.files.format");
}

function formatColumns(format: Format | FileFormat, path: string): Column[] | SqlProblem[] {
  if (format.json !== undefined) {
    if (format.json.columns === undefined) return [{ name: "value", type: "JSON" }];
    return checkColumns(format.json.columns, `${path}.json.columns`);
  }
  if (format.csv !== undefined) return checkColumns(format.csv.columns, `${path}.csv.columns`);
  if (format.raw !== undefined) return [{ name: "value", type: format.raw.as === "bytes" ? "BLOB" : "VARCHAR" }];
  if ("parquet" in format && format.parquet !== undefined) return checkColumns(format.parquet.columns, `${path}.parquet.columns`);
  if ("avro" in format && format.avro !== undefined) {
    if (format.avro.columns !== undefined) return checkColumns(format.avro.columns, `${path}.avro.columns`);
    return avroColumns(format.avro.schema ?? "", `${path}.avro.schema`);
  }
  return [{ path, message: "set exactly one format" }];
}
