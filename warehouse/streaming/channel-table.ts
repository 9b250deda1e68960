import type { DuckDBConnection } from "@duckdb/node-api";
import { type ChannelKey, type ChannelState, keyText } from "./channel.ts";

const table = "snowline.channels";

/** Makes the table of channels if absent. */
export async function createChannelTable(connection: DuckDBConnection): Promise<void> {
  await connection.run(`CREATE TABLE IF NOT EXISTS ${table} (name VARCHAR NOT NULL, state VARCHAR NOT NULL)`);
}

/** All channels that are kept. */
export async function readChannels(connection: DuckDBConnection): Promise<readonly ChannelState[]> {
  const reader = await connection.runAndReadAll(`SELECT state FROM ${table}`);
  return reader.getRowsJS().map(([state]) => JSON.parse(state as string) as ChannelState);
}

/** Keeps a channel's state, in the transaction of the connection. */
export async function writeChannel(connection: DuckDBConnection, state: ChannelState): Promise<void> {
  const values = { name: keyText(state.key), state: JSON.stringify(state) };
  const updated = await connection.run(`UPDATE ${table} SET state = $state WHERE name = $name`, values);
  if (updated.rowsChanged === 0) await connection.run(`INSERT INTO ${table} VALUES ($name, $state)`, values);
}

/** Forgets a channel. */
export async function deleteChannel(connection: DuckDBConnection, key: ChannelKey): Promise<void> {
  await connection.run(`DELETE FROM ${table} WHERE name = $name`, { name: keyText(key) });
}
