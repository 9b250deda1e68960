import type { Format as FormatSpec } from "../../crds/format.ts";
import type { Column } from "../../transform/column.ts";
import type { ByteWriter } from "../component/byte-writer.ts";
import type { ComponentContext } from "../component/context.ts";
import { Terminal } from "../component/errors.ts";
import { type Format, needsSchema, type RecordView } from "../component/record.ts";
import { avroScan, Malformed } from "./avro-scan.ts";
import { avroMembers } from "./avro-text.ts";
import { type AvroSchema, logicalClash, parseAvroSchema } from "./avro-types.ts";
import { openSchemaRegistry, type RegisteredSchema } from "./schema-registry.ts";

type AvroSpec = NonNullable<FormatSpec["avro"]>;

/** Confluent's wire format: a zero byte and the schema's id, 4 bytes, most significant first. */
const wireHeaderBytes = 5;
const idMax = 2 ** 31 - 1;
/** Schemas kept by their ids; an id that comes back after the oldest were dropped is fetched again. */
const schemasMax = 1000;
/** How long an id that no record can use is remembered, so that a run of such records does not ask for each. */
const refusalMs = 30_000;

/** Writes the columns of the value `bytes[start, end)`, or says why it cannot. */
type Decode = (bytes: Buffer, start: number, end: number, into: ByteWriter) => string | null;
type Known =
  | { readonly kind: "decode"; readonly decode: Decode }
  | { readonly kind: "refused"; readonly error: string; readonly untilMs: number };

/**
 * Avro: by the schemas of a registry in Confluent's wire format, resolved to `schema` where that is set; or bare, by `schema`.
 * Decimals come out as text with all their digits, dates and times as ISO 8601 text, bytes as base64, longs exact.
 * Throws Terminal where `schema` is none.
 */
export function openAvroFormat(spec: AvroSpec, columns: readonly Column[], context: ComponentContext): Format {
  const reader = spec.schema === undefined ? null : parseInline(spec.schema);
  if (spec.registry !== undefined) return registryFormat(spec.registry.connection, reader, columns, context);
  const decode = decoder(reader!, null, columns);
  if (typeof decode === "string") throw new Terminal("SchemaInvalid", `format.avro.schema: ${decode}`);
  return {
    encode: ({ bytes, valueStart, valueEnd }, into) => (valueStart < 0 ? null : decode(bytes, valueStart, valueEnd, into)),
  };
}

function parseInline(text: string): AvroSchema {
  try {
    return parseAvroSchema(text);
  } catch (error) {
    throw new Terminal("SchemaInvalid", `format.avro.schema: it is no Avro schema: ${messageOf(error)}`, { cause: error });
  }
}

function registryFormat(
  connection: string,
  reader: AvroSchema | null,
  columns: readonly Column[],
  context: ComponentContext,
): Format {
  const registry = openSchemaRegistry(connection, context);
  const known = new Map<number, Known>();
  const learn = (registered: RegisteredSchema | string, id: number): Known => {
    const decode = typeof registered === "string" ? registered : registeredDecoder(registered, id, reader, columns);
    return typeof decode === "string"
      ? { kind: "refused", error: `not readable Avro: ${decode}`, untilMs: context.now() + refusalMs }
      : { kind: "decode", decode };
  };
  return {
    encode({ bytes, valueStart, valueEnd }, into) {
      if (valueStart < 0) return null;
      const id = wireId(bytes, valueStart, valueEnd);
      if (typeof id === "string") return id;
      const schema = known.get(id);
      if (schema === undefined) return needsSchema;
      if (schema.kind === "decode") return schema.decode(bytes, valueStart + wireHeaderBytes, valueEnd, into);
      return context.now() < schema.untilMs ? schema.error : needsSchema;
    },
    async prepare({ bytes, valueStart, valueEnd }: RecordView) {
      const id = wireId(bytes, valueStart, valueEnd);
      if (typeof id === "string") return;
      const learned = learn(await registry.schema(id), id);
      known.delete(id);
      if (known.size >= schemasMax) known.delete(known.keys().next().value!);
      known.set(id, learned);
    },
  };
}

function wireId(bytes: Buffer, start: number, end: number): number | string {
  if (end - start < wireHeaderBytes || bytes[start] !== 0) {
    return "not readable Avro: the value does not begin with a zero byte and a schema id (Confluent's wire format)";
  }
  const id = bytes.readUInt32BE(start + 1);
  return id <= idMax ? id : "not readable Avro: the schema id is negative";
}

function registeredDecoder(
  registered: RegisteredSchema,
  id: number,
  reader: AvroSchema | null,
  columns: readonly Column[],
): Decode | string {
  try {
    const decode = decoder(parseAvroSchema(registered.text, registered.references), reader, columns);
    return typeof decode === "string" ? `schema ${id}: ${decode}` : decode;
  } catch (error) {
    return `schema ${id}: ${messageOf(error)}`;
  }
}

/** Throws where avsc cannot resolve the writer's schema to the reader's. */
function decoder(writer: AvroSchema, reader: AvroSchema | null, columns: readonly Column[]): Decode | string {
  const scan = avroScan(writer.type);
  const clash = reader === null ? null : logicalClash(writer, reader);
  if (clash !== null) return clash;
  const shown = reader ?? writer;
  const resolver = reader === null ? undefined : reader.type.createResolver(writer.type);
  const members = avroMembers(shown, columns);
  if (typeof members === "string") return members;
  return (bytes, start, end, into) => {
    try {
      scan(bytes, start, end);
      members(shown.type.fromBuffer(bytes.subarray(start, end), resolver), into);
      return null;
    } catch (error) {
      // What avsc says may quote the value.
      return `not readable Avro: ${error instanceof Malformed ? error.message : "the value does not fit the schema"}`;
    }
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
