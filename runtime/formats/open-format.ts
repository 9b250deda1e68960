import type { FileFormat, Format as FormatSpec } from "../../crds/format.ts";
import type { Column } from "../../transform/column.ts";
import type { ComponentContext } from "../component/context.ts";
import type { Format } from "../component/record.ts";
import { openAvroFormat } from "./avro.ts";
import { csvFormat } from "./csv.ts";
import { jsonFormat, jsonValueFormat } from "./json.ts";
import { rawFormat } from "./raw.ts";

/** Every format by its name in the manifest. A new one is a line here and a file beside this one. */
type Specs = {
  readonly avro: NonNullable<FormatSpec["avro"]>;
  readonly csv: NonNullable<FormatSpec["csv"]>;
  readonly json: NonNullable<FormatSpec["json"]>;
  readonly parquet: NonNullable<FileFormat["parquet"]>;
  readonly raw: NonNullable<FormatSpec["raw"]>;
};

/**
 * The format the manifest names, for the columns `sourceColumns` made of it. Throws Terminal where a schema in the manifest
 * cannot be used. It reaches no network before the first record needs it to.
 */
export async function openFormat(
  spec: FormatSpec | FileFormat,
  columns: readonly Column[],
  context: ComponentContext,
): Promise<Format> {
  const set: Partial<Specs> = spec;
  if (set.avro !== undefined) return openAvroFormat(set.avro, columns, context);
  if (set.csv !== undefined) return csvFormat(set.csv, columns);
  if (set.json !== undefined) return set.json.columns === undefined ? jsonValueFormat() : jsonFormat();
  // The files source shows each row of a Parquet file as JSON text.
  if (set.parquet !== undefined) return jsonFormat();
  if (set.raw !== undefined) return rawFormat(set.raw.as);
  throw new Error(`format: none of ${Object.keys(spec).join(", ")} is known`);
}
