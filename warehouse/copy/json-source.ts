import type { DuckDBConnection } from "@duckdb/node-api";
import { literal } from "../engine/physical-name.ts";
import type { JsonFormat } from "../stages/file-format.ts";
import type { FileValue } from "./column-fit.ts";
import { type FileSource, metadata, type SourceOptions } from "./file-source.ts";
import type { HeldFile } from "./held-files.ts";

/** Bytes of the largest document; an outer array that is stripped is one. */
const documentBytesMax = 268_435_456;
/** Names that a file's documents may have; a table has at most some thousands of columns. */
const namesMax = 10_000;

/** Reads JSON documents: one a line, one after the other, or in an outer array. */
export async function jsonSource({ connection, file, names }: SourceOptions, format: JsonFormat): Promise<FileSource> {
  const layout = await layoutOf(connection, file, format.stripOuterArray);
  const document = format.stripNullValues ? `json_merge_patch('{}', json)` : "json";
  const query = (tolerant: boolean): string => {
    const documents = scan(file, layout, tolerant && layout === "newline_delimited");
    const stripped = format.stripOuterArray && layout !== "array" ? strip(documents) : documents;
    return `(SELECT ${document} AS "$1", ${metadata(file, "record")} FROM (SELECT *, row_number() OVER () AS record FROM ${stripped}) WHERE json IS NOT NULL)`;
  };
  return {
    query: query(false),
    tolerant: query(true),
    named: names ? await namesOf(connection, query(true), format.nullIf) : null,
    async rejects() {
      if (layout !== "newline_delimited") return { count: 0, first: null };
      const reader = await connection.runAndReadAll(
        `SELECT count(*) AS rejected, min(record) AS line FROM (SELECT json, row_number() OVER () AS record FROM ${scan(file, layout, true)}) WHERE json IS NULL`,
      );
      const row = reader.getRowObjectsJS()[0] ?? {};
      const count = Number(row["rejected"]);
      if (count === 0) return { count, first: null };
      return {
        count,
        first: {
          code: "100069",
          message: "Error parsing JSON: the line is no document",
          line: Number(row["line"]),
          character: 1,
        },
      };
    },
    linesBefore: 0,
  };
}

type Layout = "newline_delimited" | "unstructured" | "array";

function scan(file: HeldFile, layout: Layout, tolerant: boolean): string {
  const lenient = tolerant ? ", ignore_errors = true" : "";
  return `read_json_objects(${literal(file.file)}, format = '${layout}', compression = '${file.packed === "none" ? "uncompressed" : file.packed}', maximum_object_size = ${documentBytesMax}${lenient})`;
}

/** Elements in the place of the arrays that hold them. */
function strip(documents: string): string {
  return `(SELECT unnest(CASE WHEN json_type(json) = 'ARRAY' THEN json_extract(json, '$[*]') ELSE [json] END) AS json FROM ${documents})`;
}

/** One document a line is read fastest, and is the only layout in which a broken one can be passed over. */
async function layoutOf(connection: DuckDBConnection, file: HeldFile, stripOuterArray: boolean): Promise<Layout> {
  const layouts: readonly Layout[] = stripOuterArray
    ? ["array", "newline_delimited", "unstructured"]
    : ["newline_delimited", "unstructured"];
  for (const layout of layouts) {
    try {
      await connection.run(`SELECT count(json) FROM ${scan(file, layout, false)}`);
      return layout;
    } catch (error) {
      if (!(error instanceof Error) || !/JSON|array/i.test(error.message)) throw error;
    }
  }
  return "newline_delimited";
}

async function namesOf(
  connection: DuckDBConnection,
  query: string,
  nullIf: readonly string[],
): Promise<readonly (FileValue & { readonly name: string })[]> {
  const reader = await connection.runAndReadAll(
    `SELECT DISTINCT unnest(json_keys("$1")) AS name FROM ${query} WHERE json_type("$1") = 'OBJECT' ORDER BY name LIMIT ${namesMax}`,
  );
  return reader.getRowsJS().map(([key]) => {
    const name = key as string;
    const value = `json_extract("$1", ${literal(jsonPath(name))})`;
    const nulls = nullIf.map((text) => literal(JSON.stringify(text))).join(", ");
    const sql = nulls === "" ? value : `CASE WHEN CAST(${value} AS VARCHAR) NOT IN (${nulls}) THEN ${value} END`;
    return { name, sql, type: "JSON", parseJson: false };
  });
}

/** The path of a member, whatever is in its name. */
function jsonPath(name: string): string {
  return `$."${name.replaceAll("\\", String.raw`\\`).replaceAll('"', String.raw`\"`)}"`;
}
