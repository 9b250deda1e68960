import { afterAll, beforeAll, expect, test } from "vitest";
import { snowflakeAccount } from "../../../../runtime/snowflake/account.ts";
import { beginOwn, endLeftOver, endOwn, openTransactions } from "../../../../runtime/sinks/snowflake/own-transaction.ts";
import { createPositions } from "../../../../runtime/sinks/snowflake/positions.ts";
import { sinkNames } from "../../../../runtime/sinks/snowflake/sink-names.ts";
import { openTestAccount, type TestAccount } from "../../../snowflake/open-test-account.ts";
import { openPlace, type Place } from "./snowflake-place.ts";

let account: TestAccount;
beforeAll(async () => {
  account = await openTestAccount();
});
afterAll(() => account[Symbol.asyncDispose]());

async function setUp(place: Place) {
  await account.query(`CREATE TABLE ${place.table} (ID NUMBER)`);
  const setup = {
    spec: place.spec(),
    context: place.context,
    account: snowflakeAccount(account.spec, place.context),
    names: sinkNames(place.spec(), place.context.pipeline),
    owner: "4b0ff2a0-0000-4000-8000-000000000000",
    tag: { namespace: "shop", pipeline: "orders", run: "run" },
  };
  const open = () => setup.account.openSession(setup.tag);
  return { setup, open, insert: `INSERT INTO ${place.table} VALUES (1)` };
}

test("what an earlier session of ours loads after it was given up is not committed by itself", async () => {
  await using place = await openPlace(account);
  const { setup, open, insert } = await setUp(place);
  await using lost = await open();
  await beginOwn(lost, setup);
  await using next = await open();
  await endOwn(next, setup);
  await lost.execute(insert);
  expect(await account.query(`SELECT ID FROM ${place.table}`)).toEqual([]);
});

test("what an earlier session of ours has loaded is taken back, and its locks are free", async () => {
  await using place = await openPlace(account);
  const { setup, open, insert } = await setUp(place);
  await account.query(insert);
  await using lost = await open();
  const id = await beginOwn(lost, setup);
  await lost.execute(`UPDATE ${place.table} SET ID = 2`);
  await using next = await open();
  await endOwn(next, setup);
  expect((await openTransactions(next)).map((each) => each.id)).not.toContain(id);
  await lost.execute("COMMIT");
  expect(await account.query(`SELECT ID FROM ${place.table}`)).toEqual([{ ID: "1" }]);
});

test("a transaction of another pipeline on the same table, whose name begins like ours, is none of ours", async () => {
  await using place = await openPlace(account);
  const { setup, open, insert } = await setUp(place);
  await account.query(insert);
  await using others = await open();
  await beginOwn(others, { ...setup, names: { ...setup.names, transaction: `${setup.names.transaction}_EU` } });
  await others.execute(`UPDATE ${place.table} SET ID = 2`);
  await using next = await open();
  const claimant = { positions: setup.names.positions, owner: "5c0ff2a0-0000-4000-8000-000000000000" };
  await createPositions(next, claimant.positions);
  await endLeftOver(next, setup, claimant, ["a"]);
  await others.execute("COMMIT");
  expect(await account.query(`SELECT ID FROM ${place.table}`)).toEqual([{ ID: "2" }]);
});
