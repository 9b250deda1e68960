import type { DuckdbSink } from "../../crds/connectors/duckdb.ts";
import { planDuckdbSink } from "../../runtime/sinks/duckdb/plan-duckdb-sink.ts";
import type { Column } from "../../transform/column.ts";
import type { Paint } from "../text.ts";
import { howText, indented, type TargetLines } from "./target-lines.ts";

/** What a DuckDB sink would do to its table. `path`: the database file, absolute. */
export async function duckdbLines(
  sink: DuckdbSink,
  path: string,
  columns: readonly Column[],
  paint: Paint,
): Promise<TargetLines> {
  const { databaseExists, tableExists, statements, problems } = await planDuckdbSink(sink, path, columns);
  const there = tableExists
    ? "The table is there"
    : databaseExists
      ? "The database is there, the table is not"
      : "The database file is not there yet";
  const how = howText(sink.mode, sink.schemaEvolution);
  if (problems.length > 0)
    return { lines: [how, paint("red", `${there}, and the rows do not fit:`), ...indented(problems)], refused: true };
  if (statements.length === 0) return { lines: [how, `${there} and takes the rows as it is.`], refused: false };
  return {
    lines: [
      how,
      `${there}. Before the first load the sink would run:`,
      ...indented(statements.map((statement) => `${statement};`)),
    ],
    refused: false,
  };
}
