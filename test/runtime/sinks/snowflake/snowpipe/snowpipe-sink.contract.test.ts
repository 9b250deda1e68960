import { afterAll, beforeAll } from "vitest";
import { rowColumns, sinkContract, type SinkSubject } from "../../../../contract/sink.ts";
import { openTestAccount, type TestAccount } from "../../../../snowflake/open-test-account.ts";
import { values } from "../../rows-file.ts";
import { openPlace } from "../snowflake-place.ts";

let account: TestAccount;
beforeAll(async () => {
  account = await openTestAccount();
  console.log(`load.snowpipe on ${account.what}`);
  // A real pipe takes a minute for a file.
  if (account.server !== null) account.server.account.pipes.delayMs = 5;
});
afterAll(() => account[Symbol.asyncDispose]());

async function open(): Promise<SinkSubject> {
  const place = await openPlace(account);
  const load = { snowpipe: { everySeconds: 60, upToBytes: "128Mi", upToRows: 2_000_000, autoIngest: false } };
  return {
    open: () => place.open({ load }),
    rows: (rows) => place.maker.rows(values(rows), rowColumns),
    async table() {
      const rows = await account.query(`SELECT ID, TEXT FROM ${place.table}`);
      return rows.map((row) => ({ id: Number(row["ID"]), text: row["TEXT"] ?? null }));
    },
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
}

sinkContract("the Snowflake sink (snowpipe)", open);
