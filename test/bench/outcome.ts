import { DuckDBInstance } from "@duckdb/node-api";
import type { Contestant } from "./contestants.ts";
import type { SnowflakePlace } from "./snowflake-place.ts";

/** What a contestant's rows add up to. Two contestants did the same work if and only if these are equal. */
export interface Outcome {
  readonly rows: string;
  readonly amount: string;
  /** Over every value of every row, whatever their order. */
  readonly checksum: string;
}

/** Reads a contestant's result and adds it up; values are cast to the types that the work asks for. */
export async function outcomeOf(contestant: Contestant, directory: string, snowflake: SnowflakePlace): Promise<Outcome> {
  const instance = contestant.target.startsWith("Snowflake") ? null : await DuckDBInstance.create();
  const connection = await (instance ?? snowflake.store).connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    if (contestant.target === "DuckDB") await connection.run(`ATTACH '${directory}/orders.duckdb' AS rows (READ_ONLY)`);
    const reader = await connection.runAndReadAll(`
      WITH typed AS (
        SELECT order_id, customer, epoch_us(placed_at::TIMESTAMP) AS placed_at, amount::DECIMAL(18,2) AS amount, currency
        FROM ${contestant.result({ directory, snowflake })}
      )
      SELECT count(*)::VARCHAR AS rows, sum(amount)::VARCHAR AS amount,
             (sum(hash(order_id, customer, placed_at, amount, currency)::HUGEINT) % 1000000007)::VARCHAR AS checksum
      FROM typed`);
    const [row] = reader.getRowObjects();
    return row as unknown as Outcome;
  } finally {
    connection.closeSync();
    instance?.closeSync();
  }
}
