import type { ByteWriter } from "../component/byte-writer.ts";
import type { Format, RecordView } from "../component/record.ts";
import { JsonScan } from "./json-scan.ts";
import { memberName } from "./json-text.ts";

const openObject = 0x7b;
const closeObject = 0x7d;

/**
 * JSON whose members are the columns: the members are copied as they are, once the scan has proven them valid. Members that
 * nobody declared come along and are ignored; of two with one name the first counts, so none can stand in for a spliced one.
 * Numbers with more than 15 digits keep them only as strings: what reads the text takes numbers for doubles.
 */
export function jsonFormat(): Format {
  const json = new JsonScan();
  return {
    encode(record, into) {
      if (record.valueStart < 0) return null;
      const { bytes } = record;
      const error = json.scan(bytes, record.valueStart, record.valueEnd);
      if (error !== null) return error;
      if (bytes[json.first] !== openObject)
        return `the value is ${kindOf(bytes[json.first]!)}, not a JSON object whose members are the columns`;
      let members = json.first + 1;
      while (bytes[members]! <= 0x20) members++;
      if (bytes[members] !== closeObject) copyOnOneLine(json, bytes, [members, json.last - 1], into);
      return null;
    },
  };
}

/** JSON of any kind, in one column `value`. */
export function jsonValueFormat(): Format {
  const json = new JsonScan();
  const name = memberName("value");
  return {
    encode(record: RecordView, into: ByteWriter): string | null {
      if (record.valueStart < 0) return null;
      const error = json.scan(record.bytes, record.valueStart, record.valueEnd);
      if (error !== null) return error;
      into.copy(name, 0, name.length);
      copyOnOneLine(json, record.bytes, [json.first, json.last], into);
      return null;
    },
  };
}

/** No string holds a raw line break, so each one stands between tokens, where a space says the same. */
function copyOnOneLine(json: JsonScan, bytes: Buffer, [start, end]: readonly [number, number], into: ByteWriter): void {
  const from = into.length;
  into.copy(bytes, start, end);
  if (!json.hasLineBreaks) return;
  const copied = into.bytes;
  for (let at = from; at < into.length; at++) if (copied[at] === 0x0a || copied[at] === 0x0d) copied[at] = 0x20;
}

function kindOf(first: number): string {
  switch (first) {
    case 0x22:
      return "a string";
    case 0x5b:
      return "an array";
    case 0x6e:
      return "null";
    case 0x66:
    case 0x74:
      return "a boolean";
    default:
      return "a number";
  }
}
