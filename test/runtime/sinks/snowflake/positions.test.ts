import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { snowflakeAccount } from "../../../../runtime/snowflake/account.ts";
import type { SnowflakeSession } from "../../../../runtime/snowflake/session.ts";
import {
  advance,
  areCommitted,
  claim,
  type Claimant,
  createPositions,
  judge,
  stored,
} from "../../../../runtime/sinks/snowflake/positions.ts";
import { wholeName } from "../../../../runtime/sinks/snowflake/sink-names.ts";
import { openTestAccount, type TestAccount } from "../../../snowflake/open-test-account.ts";

let account: TestAccount;
let session: SnowflakeSession;
let mine: Claimant;
beforeAll(async () => {
  account = await openTestAccount();
});
afterAll(() => account[Symbol.asyncDispose]());
beforeEach(async () => {
  const tag = { namespace: "shop", pipeline: "orders", run: "run" };
  session = await snowflakeAccount(account.spec, account.context()).openSession(tag);
  const positions = wholeName(account.database, account.schema, `SNOWLINE_POSITIONS_${randomUUID()}`);
  mine = { positions, owner: "me" };
  await createPositions(session, positions);
});
afterEach(() => session[Symbol.asyncDispose]());

const at = (offset: number) => ({ offset, topic: `t "x" 'y' \\ \u{1f9ca}` });

test("a claimed split has no position, a moved one has it, with what is kept beside it", async () => {
  await claim(session, mine, ["a", "b", "a"]);
  expect(await stored(session, mine, ["a", "b", "c"])).toEqual(
    new Map([
      ["a", { position: null, state: null }],
      ["b", { position: null, state: null }],
    ]),
  );
  const moves = ["a", "b"].map((split) => ({ split, from: null, to: at(1) }));
  expect(await advance(session, mine, [{ ...moves[0]!, state: `{"file":"x"}` }, moves[1]!])).toBe(2);
  expect(await stored(session, mine, ["a", "b"])).toEqual(
    new Map([
      ["a", { position: at(1), state: `{"file":"x"}` }],
      ["b", { position: at(1), state: null }],
    ]),
  );
  expect(await advance(session, mine, [{ split: "a", from: at(1), to: at(2) }])).toBe(1);
  expect((await stored(session, mine, ["a"])).get("a")).toEqual({ position: at(2), state: `{"file":"x"}` });
  expect(await advance(session, mine, [{ split: "a", from: at(2), to: at(3), state: null }])).toBe(1);
  expect((await stored(session, mine, ["a"])).get("a")).toEqual({ position: at(3), state: null });
});

test("only what stands at `from` and is ours moves, and judge says which does not and whether all have arrived", async () => {
  const other = { ...mine, owner: "other" };
  await claim(session, mine, ["a", "b"]);
  await claim(session, other, ["c"]);
  const moves = ["a", "b", "c", "d"].map((split) => ({ split, from: null, to: at(1) }));
  expect(await judge(session, mine, moves)).toEqual({
    conflicts: expect.toSatisfy((splits: string[]) => splits.toSorted().join() === "c,d"),
    arrived: false,
  });
  expect(await advance(session, mine, moves)).toBe(2);
  expect((await judge(session, mine, moves.slice(0, 2))).arrived).toBe(true);
  expect((await judge(session, other, moves.slice(0, 2))).arrived).toBe(false);
  expect(await judge(session, mine, [{ split: "a", from: at(1), to: at(2) }])).toEqual({ conflicts: [], arrived: false });
  expect(await judge(session, mine, [{ split: "a", from: at(9), to: at(2) }])).toEqual({ conflicts: ["a"], arrived: false });
  await claim(session, other, ["a"]);
  expect(await advance(session, mine, [{ split: "a", from: at(1), to: at(2) }])).toBe(0);
  expect((await stored(session, mine, ["a"])).get("a")?.position).toEqual(at(1));
});

test("moves are committed where all stand at `to` with what was to be kept, whoever owns them by now", async () => {
  await claim(session, mine, ["a", "b"]);
  const moves = ["a", "b"].map((split) => ({ split, from: null, to: at(1), state: `{"file":"x"}` }));
  expect(await areCommitted(session, mine, moves)).toBe(false);
  expect(await areCommitted(session, mine, [{ split: "none", from: null, to: null }])).toBe(false);
  await advance(session, mine, moves);
  expect(await areCommitted(session, mine, moves)).toBe(true);
  await claim(session, { ...mine, owner: "other" }, ["a"]);
  expect(await areCommitted(session, mine, moves)).toBe(true);
  // Somebody else's move to the same place is not ours where another file stands beside it.
  expect(await areCommitted(session, mine, [{ ...moves[0]!, state: `{"file":"y"}` }])).toBe(false);
  await advance(session, mine, [{ split: "b", from: at(1), to: at(2) }]);
  expect(await areCommitted(session, mine, moves)).toBe(false);
});
