import { rowColumns, sinkContract } from "../../../contract/sink.ts";
import { values } from "../rows-file.ts";
import { openWarehouse } from "./duckdb-warehouse.ts";

for (const [mode, spec] of [
  ["append", { mode: { append: {} } }],
  ["upsert", { mode: { upsert: { key: ["ID"] } } }],
] as const) {
  sinkContract(`the DuckDB sink (${mode})`, async () => {
    const warehouse = await openWarehouse();
    return {
      open: () => warehouse.open(spec),
      rows: (rows) => warehouse.maker.rows(values(rows), rowColumns),
      async table() {
        const rows = await warehouse.query("SELECT id::INTEGER, text FROM main.orders");
        return rows.map(([id, text]) => ({ id: id as number, text: text as string | null }));
      },
      [Symbol.asyncDispose]: () => warehouse[Symbol.asyncDispose](),
    };
  });
}
