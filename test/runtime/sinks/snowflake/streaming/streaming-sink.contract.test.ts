import { afterAll, beforeAll } from "vitest";
import { rowColumns, sinkContract } from "../../../../contract/sink.ts";
import { openTestAccount, type TestAccount } from "../../../../snowflake/open-test-account.ts";
import { originValues } from "../../rows-file.ts";
import { openPlace } from "../snowflake-place.ts";
import { openStreaming } from "./streaming-place.ts";

let account: TestAccount;
beforeAll(async () => {
  account = await openTestAccount();
  console.log(`load.streaming on ${account.what}`);
});
afterAll(() => account[Symbol.asyncDispose]());

sinkContract("the Snowflake sink (streaming)", async () => {
  const place = await openPlace(account);
  return {
    open: async () => openStreaming(place),
    rows: (rows, splits) => place.maker.originRows(originValues(rows, splits), rowColumns),
    async table() {
      const rows = await account.query(`SELECT ID, TEXT FROM ${place.table}`);
      return rows.map((row) => ({ id: Number(row["ID"]), text: row["TEXT"] ?? null }));
    },
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
});
