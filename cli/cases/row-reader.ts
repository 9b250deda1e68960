import { DuckDBInstance, type DuckDBConnection, type DuckDBValue } from "@duckdb/node-api";
import type { Column } from "../../transform/column.ts";

/** A row as the text of each of its values, by column: strings, structs, lists and maps as JSON, NULL as `null`, the rest as DuckDB writes it. */
export type TextRow = ReadonlyMap<string, string>;

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A value's text. A decimal by itself is cast: to_json would drop its zeros. */
function asText(expression: string, type: string): string {
  const nested = /^(STRUCT|MAP)\(|\]$/.test(type);
  const json = type === "JSON" ? `json(${expression})` : `to_json(${expression})`;
  return `coalesce(CAST(${nested || type === "VARCHAR" || type === "JSON" ? json : expression} AS VARCHAR), 'null')`;
}

/** The value of the JSON parameter $1 as a type. A cast of JSON to VARCHAR would keep its quotes. */
const fromJson = (type: string): string =>
  type === "VARCHAR" ? "CAST($1 AS JSON) ->> '$'" : `CAST(CAST($1 AS JSON) AS ${type})`;

/** Writes rows of any origin as texts of their columns' types, so that equal values are equal texts. */
export class RowReader implements Disposable {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #columns: readonly Column[];

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, columns: readonly Column[]) {
    this.#instance = instance;
    this.#connection = connection;
    this.#columns = columns;
  }

  static async open(columns: readonly Column[]): Promise<RowReader> {
    const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    return new RowReader(instance, connection, columns);
  }

  [Symbol.dispose](): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  /** The rows of a Parquet file, in their order. */
  async fromParquet(path: string): Promise<readonly TextRow[]> {
    const columns = this.#columns.map(({ name, type }) => asText(identifier(name), type)).join(", ");
    const result = await this.#connection.runAndReadAll(`SELECT ${columns} FROM read_parquet(${literal(path)})`);
    return result.getRows().map((values) => this.#row(this.#columns, values));
  }

  /**
   * A row of a case, cast to the columns' types. Answers a text, in a sentence, where it names a column that does not come
   * out or a value that its column cannot hold.
   */
  async fromCase(expected: Readonly<Record<string, unknown>>): Promise<TextRow | string> {
    const byName = new Map(this.#columns.map((column) => [column.name, column]));
    const columns: Column[] = [];
    const values: DuckDBValue[] = [];
    for (const [name, value] of Object.entries(expected)) {
      const column = byName.get(name);
      if (column === undefined) return `no column "${name}" comes out; there are ${[...byName.keys()].join(", ")}`;
      try {
        const cast = await this.#connection.runAndReadAll(`SELECT ${asText(fromJson(column.type), column.type)}`, [
          JSON.stringify(value),
        ]);
        values.push(cast.getRows()[0]?.[0] ?? null);
      } catch (error) {
        return `${name}: ${JSON.stringify(value)} is no ${column.type} (${(error as Error).message.split("\n")[0] ?? ""})`;
      }
      columns.push(column);
    }
    return this.#row(columns, values);
  }

  #row(columns: readonly Column[], values: readonly DuckDBValue[]): TextRow {
    return new Map(columns.map(({ name }, at) => [name, String(values[at])]));
  }
}
