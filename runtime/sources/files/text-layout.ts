import type { FileFormat } from "../../../crds/format.ts";
import { csvRecordEnd, lineEnd, type RecordEnd } from "./record-end.ts";

/** How the records of a text file lie behind each other. */
export interface TextLayout {
  readonly recordEnd: RecordEnd;
  /** The first record names the fields of the others. */
  readonly header: boolean;
  /** Records that are passed over: `empty` ones, those of nothing but white space, or none. */
  readonly passesOver: "empty" | "blank" | "nothing";
  /** `bytes` are left alone. `text` is UTF-8 and may begin with a byte order mark; `markup` holds no zero bytes besides. */
  readonly encoding: "bytes" | "text" | "markup";
}

/** null: the format is no text (Parquet). */
export function textLayout(format: FileFormat): TextLayout | null {
  if (format.json !== undefined) return { recordEnd: lineEnd, header: false, passesOver: "blank", encoding: "markup" };
  if (format.csv !== undefined) {
    return { recordEnd: csvRecordEnd(format.csv.delimiter), header: format.csv.header, passesOver: "empty", encoding: "markup" };
  }
  if (format.raw !== undefined) {
    return { recordEnd: lineEnd, header: false, passesOver: "nothing", encoding: format.raw.as === "bytes" ? "bytes" : "text" };
  }
  return null;
}
