import { afterAll, beforeAll, expect, test } from "vitest";
import { snowflakeAccount } from "../../../../runtime/snowflake/account.ts";
import { OpenSession } from "../../../../runtime/sinks/snowflake/open-session.ts";
import { sinkNames } from "../../../../runtime/sinks/snowflake/sink-names.ts";
import { openTestAccount, type TestAccount } from "../../../snowflake/open-test-account.ts";
import { openPlace } from "./snowflake-place.ts";

let account: TestAccount;
beforeAll(async () => {
  account = await openTestAccount();
});
afterAll(() => account[Symbol.asyncDispose]());

test("is one session while it is used, and another one after it was idle for minutes or was lost", async () => {
  await using place = await openPlace(account);
  let nowMs = 0;
  const context = { ...place.context, now: () => nowMs };
  const tag = { namespace: "shop", pipeline: "orders", run: "run" };
  const setup = {
    spec: place.spec(),
    context,
    account: snowflakeAccount(account.spec, context),
    names: sinkNames(place.spec(), context.pipeline),
    owner: "run",
    tag,
  };
  await using open = new OpenSession(setup);
  const first = await open.get();
  nowMs += 239_000;
  expect(await open.get()).toBe(first);
  nowMs += 240_000;
  const second = await open.get();
  expect(second).not.toBe(first);
  expect([first.alive, second.alive]).toEqual([false, true]);
  await expect(second.execute("SELECT SYSTEM$WAIT(30)", { deadlineMs: 100 })).rejects.toMatchObject({ name: "NotConnected" });
  const third = await open.get();
  expect((await third.execute("SELECT 1")).rows).toEqual([["1"]]);
});
