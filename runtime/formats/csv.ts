import type { FileFormat } from "../../crds/format.ts";
import type { Column } from "../../transform/column.ts";
import type { ByteWriter } from "../component/byte-writer.ts";
import type { Format, RecordView } from "../component/record.ts";
import { CsvFields } from "./csv-fields.ts";
import { appendJsonText, memberName } from "./json-text.ts";
import { invalidUtf8At, notUtf8 } from "./utf8.ts";

type CsvSpec = NonNullable<FileFormat["csv"]>;

const comma = 0x2c;
const nothing = Buffer.from("null");

/**
 * One CSV record each. `fields` names its fields (without it they are the columns in their order); `withHeader` makes the
 * format for a file whose first record names them instead, in any order. Fields that are no columns are passed over.
 * Every field becomes text, for the transform to cast.
 */
export function csvFormat(spec: CsvSpec, columns: readonly Column[]): Format {
  const names = new Map(columns.map(({ name }) => [name, memberName(name)]));
  const encode = encoder(
    spec,
    (spec.fields ?? [...names.keys()]).map((field) => names.get(field) ?? null),
  );
  if (!spec.header) return { encode };
  return { encode, withHeader: (header) => withHeader(spec, columns, header) };
}

/** Takes the fields whose place has a name; null: nobody asked for this one. */
function encoder(spec: CsvSpec, names: readonly (Buffer | null)[]): Format["encode"] {
  const fields = new CsvFields(spec.delimiter);
  const nullText = Buffer.from(spec.nullText);
  return ({ bytes, valueStart, valueEnd }: RecordView, into: ByteWriter) => {
    if (valueStart < 0) return null;
    const invalid = invalidUtf8At(bytes, valueStart, valueEnd);
    if (invalid >= 0) return notUtf8(invalid);
    const before = into.length;
    let found = 0;
    fields.begin(bytes, valueStart, valueEnd);
    for (; fields.next(); found++) {
      const name = names[found];
      if (name === undefined || name === null) continue;
      if (into.length > before) into.byte(comma);
      into.copy(name, 0, name.length);
      appendField(fields, bytes, nullText, into);
    }
    if (fields.error !== null) return `not CSV: field ${found + 1}: ${fields.error}`;
    return found === names.length ? null : `not CSV: expected ${names.length} fields, found ${found}`;
  };
}

function appendField(fields: CsvFields, bytes: Buffer, nullText: Buffer, into: ByteWriter): void {
  const { start, end } = fields;
  if (fields.doubled) {
    const text = fields.unquoted();
    appendJsonText(into, text, 0, text.length);
  } else if (!fields.quoted && end - start === nullText.length && nullText.compare(bytes, start, end) === 0) {
    into.copy(nothing, 0, nothing.length);
  } else appendJsonText(into, bytes, start, end);
}

function withHeader(spec: CsvSpec, columns: readonly Column[], header: Buffer): Format | string {
  if (invalidUtf8At(header, 0, header.length) >= 0) return "the header line is not UTF-8";
  const fields = new CsvFields(spec.delimiter);
  const found: string[] = [];
  fields.begin(header, 0, header.length);
  while (fields.next()) found.push(fields.unquoted().toString().trim());
  if (fields.error !== null) return `the header line is not CSV: field ${found.length + 1}: ${fields.error}`;
  const wanted = new Map(columns.map(({ name }) => [name, memberName(name)]));
  const missing = [...wanted.keys()].filter((name) => !found.includes(name));
  if (missing.length > 0) {
    return `the header line lacks ${missing.map((name) => `"${name}"`).join(", ")}; it has ${found.map((name) => `"${name}"`).join(", ")}`;
  }
  const twice = [...wanted.keys()].find((name) => found.indexOf(name) !== found.lastIndexOf(name));
  if (twice !== undefined) return `the header line has "${twice}" more than once`;
  return {
    encode: encoder(
      spec,
      found.map((name) => wanted.get(name) ?? null),
    ),
  };
}
