import { rowColumns, sinkContract } from "../../../contract/sink.ts";
import { values } from "../rows-file.ts";
import { openParquetDirectory } from "./parquet-directory.ts";

sinkContract("the files sink", async () => {
  const files = await openParquetDirectory();
  return {
    open: () => files.open(),
    rows: (rows) => files.maker.rows(values(rows), rowColumns),
    async table() {
      const rows = await files.query("SELECT id::INTEGER, text FROM files");
      return rows.map(([id, text]) => ({ id: id as number, text: text as string | null }));
    },
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
});
