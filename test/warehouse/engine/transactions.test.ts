import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type Engine, type EngineSession, openEngine } from "../statements/open-engine.ts";

/** A table T (ID, N) with the rows 1 and 2, and sessions on it. */
async function scene(count: number): Promise<{ readonly engine: Engine; readonly sessions: readonly EngineSession[] }> {
  const engine = await openEngine();
  const sessions: EngineSession[] = [];
  for (let at = 0; at < count; at += 1) sessions.push(await engine.session());
  await sessions[0]!.execute("CREATE TABLE t (id NUMBER, n NUMBER)");
  await sessions[0]!.execute("INSERT INTO t VALUES (1, 0), (2, 0)");
  return { engine, sessions };
}

/** Waits until so many statements wait for locks. */
async function waiters(engine: Engine, count: number): Promise<void> {
  const waiting = () => engine.account.transactions.lockStates().filter(({ status }) => status === "WAITING").length;
  for (let round = 0; round < 1_000 && waiting() !== count; round += 1) await setTimeout(5);
  expect(waiting()).toBe(count);
}

describe("locks", () => {
  test("an UPDATE waits for the transaction that has the table, and then sees what that committed", async () => {
    const { engine, sessions } = await scene(3);
    await using _engine = engine;
    const [a, b, c] = sessions as [EngineSession, EngineSession, EngineSession];
    await a.execute("BEGIN");
    await a.execute("UPDATE t SET n = n + 1 WHERE id = 1");
    const waiting = b.execute("UPDATE t SET n = n + 10 WHERE id = 1");
    await waiters(engine, 1);
    // Readers and INSERT never wait.
    expect(await c.rows("SELECT n FROM t WHERE id = 1")).toEqual([["0"]]);
    await c.execute("INSERT INTO t VALUES (3, 0)");
    await a.execute("COMMIT");
    await waiting;
    expect(await c.rows("SELECT id, n FROM t ORDER BY id")).toEqual([
      ["1", "11"],
      ["2", "0"],
      ["3", "0"],
    ]);
  });

  test("those who wait get the lock in the order they came", async () => {
    const { engine, sessions } = await scene(4);
    await using _engine = engine;
    const [holder, ...others] = sessions as [EngineSession, ...EngineSession[]];
    await holder.execute("CREATE TABLE log (who VARCHAR)");
    await holder.execute("BEGIN");
    await holder.execute("UPDATE t SET n = 1");
    const runs: Promise<unknown>[] = [];
    for (const [index, session] of others.entries()) {
      runs.push(session.execute(`UPDATE t SET n = n * 10 + ${index + 2}`));
      await waiters(engine, index + 1);
    }
    await holder.execute("COMMIT");
    await Promise.all(runs);
    expect(await holder.rows("SELECT DISTINCT n FROM t")).toEqual([["1234"]]);
  });

  test("the statement after twenty that wait for a lock fails with 000625", async () => {
    const { engine, sessions } = await scene(22);
    await using _engine = engine;
    const [holder, ...others] = sessions as [EngineSession, ...EngineSession[]];
    await holder.execute("BEGIN");
    await holder.execute("DELETE FROM t WHERE id = 1");
    const last = others.pop()!;
    const runs = others.map((session) => session.execute("UPDATE t SET n = 1"));
    await waiters(engine, 20);
    const error = await last.failure("UPDATE t SET n = 1");
    expect(error).toMatchObject({ code: "000625", sqlState: "57014" });
    expect(error.message).toMatch(
      /has locked table 'T' in transaction \d+ and this lock has not yet been released\.\nYour statement/,
    );
    expect(error.message).toContain("the number of waiters for this lock exceeds the 20 statements limit");
    await holder.execute("ROLLBACK");
    await Promise.all(runs);
  });

  test("LOCK_TIMEOUT bounds the wait", async () => {
    const { engine, sessions } = await scene(2);
    await using _engine = engine;
    const [a, b] = sessions as [EngineSession, EngineSession];
    await a.execute("BEGIN");
    await a.execute("UPDATE t SET n = 1");
    await b.execute("ALTER SESSION SET LOCK_TIMEOUT = 1");
    expect(await b.failure("UPDATE t SET n = 2")).toMatchObject({
      code: "000625",
      message: expect.stringContaining("LOCK_TIMEOUT of 1 seconds"),
    });
    await b.execute("ALTER SESSION SET LOCK_TIMEOUT = 0");
    expect(await b.failure("UPDATE t SET n = 2")).toMatchObject({ code: "000625" });
  });

  test("a circle of waits is refused, and who was there first goes on", async () => {
    const { engine, sessions } = await scene(2);
    await using _engine = engine;
    const [a, b] = sessions as [EngineSession, EngineSession];
    await a.execute("CREATE TABLE u AS SELECT * FROM t");
    await a.execute("BEGIN");
    await b.execute("BEGIN");
    await a.execute("UPDATE t SET n = 1");
    await b.execute("UPDATE u SET n = 2");
    const waiting = a.execute("UPDATE u SET n = 1");
    await waiters(engine, 1);
    expect(await b.failure("UPDATE t SET n = 2")).toMatchObject({ code: "000625", message: expect.stringContaining("deadlock") });
    await b.execute("COMMIT");
    await waiting;
    await a.execute("COMMIT");
    expect(await b.rows("SELECT t.n, u.n FROM t JOIN u ON t.id = u.id")).toEqual([
      ["1", "1"],
      ["1", "1"],
    ]);
  });

  test("a cancelled statement leaves the queue for the lock", async () => {
    const { engine, sessions } = await scene(2);
    await using _engine = engine;
    const [a, b] = sessions as [EngineSession, EngineSession];
    await a.execute("BEGIN");
    await a.execute("UPDATE t SET n = 1");
    const abort = new AbortController();
    const waiting = b.execute("UPDATE t SET n = 2", { signal: abort.signal });
    await waiters(engine, 1);
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ code: "000604" });
    await waiters(engine, 0);
    await a.execute("COMMIT");
    expect(await b.rows("SELECT DISTINCT n FROM t")).toEqual([["1"]]);
  });

  test("SHOW LOCKS and SHOW TRANSACTIONS tell who holds what, and SYSTEM$ABORT_TRANSACTION frees it", async () => {
    const { engine, sessions } = await scene(2);
    await using _engine = engine;
    const [a, b] = sessions as [EngineSession, EngineSession];
    await a.execute("BEGIN NAME mine");
    await a.execute("UPDATE t SET n = 1");
    const id = String(a.session.transaction.id);
    const transactions = await b.execute("SHOW TRANSACTIONS");
    const name = transactions.columns.findIndex((column) => column.name === "name");
    // The one that asks is not in a transaction of its own.
    expect(transactions.rows.map((row) => [row[0], row[name]])).toEqual([[id, "MINE"]]);
    const locks = await b.rows("SHOW LOCKS");
    expect(locks[0]!.slice(0, 3)).toEqual(["DB.PUBLIC.T", "PARTITIONS", id]);
    expect(await b.rows(`SELECT SYSTEM$ABORT_TRANSACTION(${id})`)).toEqual([["Transaction aborted."]]);
    await b.execute("UPDATE t SET n = 5");
    await a.execute("COMMIT");
    expect(await b.rows("SELECT DISTINCT n FROM t")).toEqual([["5"]]);
    expect(await b.failure(`SELECT SYSTEM$ABORT_TRANSACTION(${id})`)).toMatchObject({ sqlState: "25000" });
  });

  test("a transaction can be aborted while its statement waits", async () => {
    const { engine, sessions } = await scene(3);
    await using _engine = engine;
    const [a, b, c] = sessions as [EngineSession, EngineSession, EngineSession];
    await a.execute("BEGIN");
    await a.execute("UPDATE t SET n = 1");
    await b.execute("BEGIN");
    const waiting = b.failure("UPDATE t SET n = 2");
    await waiters(engine, 1);
    await c.execute(`SELECT SYSTEM$ABORT_TRANSACTION(${b.session.transaction.id})`);
    expect(await waiting).toMatchObject({ code: "000604" });
    expect(b.session.transaction.id).toBeNull();
    await a.execute("COMMIT");
  });

  test("a session that ends keeps its locks until its transaction was idle for long", async () => {
    const { engine, sessions } = await scene(2);
    await using _engine = engine;
    const [a, b] = sessions as [EngineSession, EngineSession];
    await a.execute("BEGIN");
    await a.execute("UPDATE t SET n = 1");
    await a.session.transaction.detach();
    expect((await engine.account.transactions.list()).map(({ state }) => state)).toEqual(["detached"]);
    const waiting = b.execute("UPDATE t SET n = n + 5");
    await waiters(engine, 1);
    // Blocking another one, five minutes are enough; otherwise it takes four hours.
    engine.moveClock(6 * 60_000);
    await waiting;
    expect(await b.rows("SELECT DISTINCT n FROM t")).toEqual([["5"]]);
    expect(await engine.account.transactions.list()).toEqual([]);
  });
});

describe("transactions", () => {
  test("a statement sees what others committed before it, and its own transaction's changes", async () => {
    const { engine, sessions } = await scene(2);
    await using _engine = engine;
    const [a, b] = sessions as [EngineSession, EngineSession];
    await a.execute("BEGIN");
    await a.execute("INSERT INTO t VALUES (3, 3)");
    expect(await a.rows("SELECT COUNT(*) FROM t")).toEqual([["3"]]);
    await b.execute("INSERT INTO t VALUES (4, 4)");
    expect(await a.rows("SELECT COUNT(*) FROM t")).toEqual([["4"]]);
    expect(await b.rows("SELECT COUNT(*) FROM t")).toEqual([["3"]]);
    await a.execute("ROLLBACK");
    expect(await a.rows("SELECT COUNT(*) FROM t")).toEqual([["3"]]);
  });

  test("works of a transaction are done once, however often others commit beside it", async () => {
    const { engine, sessions } = await scene(2);
    await using _engine = engine;
    const [a, b] = sessions as [EngineSession, EngineSession];
    await a.execute("CREATE TEMPORARY TABLE staged (id NUMBER)");
    await a.execute("BEGIN");
    await a.execute("DELETE FROM staged");
    await a.execute("INSERT INTO staged VALUES (10), (11)");
    for (let at = 0; at < 5; at += 1) {
      await b.execute(`INSERT INTO t VALUES (${100 + at}, 0)`);
      await a.execute(`INSERT INTO t SELECT id + ${at * 100 + 1_000}, 1 FROM staged`);
      expect(await a.rows("SELECT COUNT(*) FROM t WHERE n = 1")).toEqual([[String(2 * (at + 1))]]);
    }
    await a.execute("COMMIT");
    expect(await b.rows("SELECT COUNT(*), COUNT(DISTINCT id) FROM t")).toEqual([["17", "17"]]);
  });

  test("a failed statement undoes itself only", async () => {
    const { engine, sessions } = await scene(1);
    await using _engine = engine;
    const [a] = sessions as [EngineSession];
    await a.execute("BEGIN");
    await a.execute("INSERT INTO t VALUES (3, 3)");
    expect(await a.failure("INSERT INTO t SELECT 4, IFF(id = 1, 'x', '1')::NUMBER FROM t")).toMatchObject({ code: "100038" });
    expect(await a.failure("SELECT nope FROM t")).toMatchObject({ code: "000904" });
    await a.execute("INSERT INTO t VALUES (5, 5)");
    await a.execute("COMMIT");
    expect(await a.rows("SELECT id FROM t ORDER BY id")).toEqual([["1"], ["2"], ["3"], ["5"]]);
  });

  test("DDL commits the open transaction", async () => {
    const { engine, sessions } = await scene(1);
    await using _engine = engine;
    const [a] = sessions as [EngineSession];
    await a.execute("BEGIN");
    await a.execute("INSERT INTO t VALUES (3, 3)");
    await a.execute("CREATE TABLE u (a NUMBER)");
    await a.execute("ROLLBACK");
    expect(await a.rows("SELECT COUNT(*) FROM t")).toEqual([["3"]]);
  });

  test("a column that another session adds meanwhile does not end a transaction", async () => {
    const { engine, sessions } = await scene(2);
    await using _engine = engine;
    const [a, b] = sessions as [EngineSession, EngineSession];
    await a.execute("BEGIN");
    await a.execute("INSERT INTO t (id, n) VALUES (3, 3)");
    await b.execute("ALTER TABLE t ADD COLUMN z VARCHAR");
    await a.execute("INSERT INTO t (id, z) VALUES (4, 'z')");
    await b.execute("ALTER TABLE t ADD COLUMN y VARCHAR");
    await a.execute("COMMIT");
    expect(await b.rows("SELECT * FROM t WHERE id > 2 ORDER BY id")).toEqual([
      ["3", "3", null, null],
      ["4", null, "z", null],
    ]);
  });

  test("with AUTOCOMMIT off the first statement begins a transaction", async () => {
    const { engine, sessions } = await scene(2);
    await using _engine = engine;
    const [a, b] = sessions as [EngineSession, EngineSession];
    await a.execute("ALTER SESSION SET AUTOCOMMIT = FALSE");
    await a.execute("INSERT INTO t VALUES (3, 3)");
    expect(await b.rows("SELECT COUNT(*) FROM t")).toEqual([["2"]]);
    await a.execute("COMMIT");
    expect(await b.rows("SELECT COUNT(*) FROM t")).toEqual([["3"]]);
  });

  test("concurrent increments of one row are all there in the end", async () => {
    const { engine, sessions } = await scene(8);
    await using _engine = engine;
    await Promise.all(
      sessions.map(async (session) => {
        for (let round = 0; round < 5; round += 1) {
          await session.execute("BEGIN");
          await session.execute("UPDATE t SET n = n + 1 WHERE id = 1");
          await session.execute(round === 4 ? "ROLLBACK" : "COMMIT");
        }
      }),
    );
    expect(await sessions[0]!.rows("SELECT n FROM t WHERE id = 1")).toEqual([["32"]]);
  });
});
