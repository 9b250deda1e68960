import { csvSource } from "./csv-source.ts";
import type { FileSource, SourceOptions } from "./file-source.ts";
import { jsonSource } from "./json-source.ts";
import { parquetSource } from "./parquet-source.ts";

/** Looks at a file and says how it is read. Throws what DuckDB says of a file that it cannot read. */
export async function openSource(options: SourceOptions): Promise<FileSource> {
  const { format } = options;
  switch (format.type) {
    case "CSV":
      return csvSource(options, format);
    case "JSON":
      return jsonSource(options, format);
    case "PARQUET":
      return parquetSource(options, format);
    default:
      return format satisfies never;
  }
}
