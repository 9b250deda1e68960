import avro from "avsc";
import type { FileFormat, Format } from "../../crds/format.ts";
import type { Column } from "../../transform/column.ts";

/**
 * The format that a case's records are read with. It is the manifest's, but for a schema registry, which a case does without:
 * with `schema` its records are bare Avro of that schema, else JSON.
 */
export function caseFormat(format: Format | FileFormat): Format | FileFormat {
  const spec = (format as Format).avro;
  if (spec?.registry === undefined) return format;
  const { registry: _registry, ...rest } = spec;
  return spec.schema === undefined ? { json: { columns: spec.columns ?? {} } } : { avro: rest };
}

/** A case's value as bytes of the format: of `caseFormat`, and of the pipeline's columns. A string says why it cannot be. */
export function caseBytes(value: object, format: Format | FileFormat, columns: readonly Column[]): Buffer | string {
  const { avro: avroSpec, csv, raw } = format as Format;
  if (raw !== undefined) return "format raw takes bytes as they are: give the record as text or base64";
  if (csv !== undefined) {
    const given = value as Readonly<Record<string, unknown>>;
    const fields = csv.fields ?? columns.map(({ name }) => name);
    const unknown = Object.keys(given).find((name) => !fields.includes(name));
    if (unknown !== undefined) return `${unknown} is no field of the record; there are ${fields.join(", ")}`;
    return Buffer.from(fields.map((name) => csvField(given[name], csv)).join(csv.delimiter));
  }
  if (avroSpec?.schema !== undefined) return avroBytes(value, avroSpec.schema);
  return Buffer.from(JSON.stringify(value));
}

function csvField(value: unknown, { nullText, delimiter }: { readonly nullText: string; readonly delimiter: string }): string {
  if (value === null || value === undefined) return nullText;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text === nullText || text.includes(delimiter) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function avroBytes(value: object, schema: string): Buffer | string {
  const type = avro.Type.forSchema(JSON.parse(schema) as avro.Schema);
  try {
    return type.toBuffer(type.clone(value, { wrapUnions: true, coerceBuffers: true }));
  } catch (error) {
    return `the value does not fit the Avro schema: ${(error as Error).message}`;
  }
}
