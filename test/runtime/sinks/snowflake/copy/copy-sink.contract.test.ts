import { afterAll, beforeAll } from "vitest";
import type { SnowflakeSink } from "../../../../../crds/connectors/snowflake.ts";
import { rowColumns, sinkContract, type SinkSubject } from "../../../../contract/sink.ts";
import { openTestAccount, type TestAccount } from "../../../../snowflake/open-test-account.ts";
import { values } from "../../rows-file.ts";
import { openPlace } from "../snowflake-place.ts";

let account: TestAccount;
beforeAll(async () => {
  account = await openTestAccount();
  console.log(`load.copy on ${account.what}`);
});
afterAll(() => account[Symbol.asyncDispose]());

async function open(mode: SnowflakeSink["mode"]): Promise<SinkSubject> {
  const place = await openPlace(account);
  return {
    open: () => place.open({ mode }),
    rows: (rows) => place.maker.rows(values(rows), rowColumns),
    async table() {
      const rows = await account.query(`SELECT ID, TEXT FROM ${place.table}`);
      return rows.map((row) => ({ id: Number(row["ID"]), text: row["TEXT"] ?? null }));
    },
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
}

sinkContract("the Snowflake sink (copy, append)", () => open({ append: {} }));
sinkContract("the Snowflake sink (copy, upsert)", () => open({ upsert: { key: ["id"] } }));
