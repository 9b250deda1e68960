import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Engine, type EngineSession, openEngine, textBind } from "./open-engine.ts";

let engine: Engine;
let session: EngineSession;
beforeAll(async () => {
  engine = await openEngine();
  session = await engine.session();
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await session.execute(
    "CREATE OR REPLACE TABLE t (id NUMBER, name VARCHAR(5) NOT NULL, amount NUMBER(6,2), v VARIANT, ok BOOLEAN DEFAULT TRUE)",
  );
});

const counts = async (sql: string) => {
  const { columns, rows } = await session.execute(sql);
  return Object.fromEntries(columns.map(({ name }, index) => [name.replace("number of ", ""), Number(rows[0]![index])]));
};

describe("INSERT", () => {
  test("takes values, defaults and queries, and tells how many rows", async () => {
    expect(await counts("INSERT INTO t (id, name) VALUES (1, 'a'), (2, 'b')")).toEqual({ "rows inserted": 2 });
    await session.execute("INSERT INTO t VALUES (3, 'c', 1.005, NULL, DEFAULT)");
    await session.execute("INSERT INTO t (name, v, id) SELECT 'd', PARSE_JSON('[1]'), 4");
    expect(await session.rows("SELECT * FROM t ORDER BY id")).toEqual([
      ["1", "a", null, null, "1"],
      ["2", "b", null, null, "1"],
      ["3", "c", "1.01", null, "1"],
      ["4", "d", null, "[1]", "1"],
    ]);
  });

  test("array binds are rows", async () => {
    await session.execute("INSERT INTO t (id, name, ok) VALUES (?, ?, ?)", {
      binds: [
        { type: "FIXED", value: ["1", "2"] },
        { type: "TEXT", value: ["a'b", "c\\d"] },
        { type: "BOOLEAN", value: ["false", null] },
      ],
    });
    expect(await session.rows("SELECT id, name, ok FROM t ORDER BY id")).toEqual([
      ["1", "a'b", "0"],
      ["2", "c\\d", null],
    ]);
  });

  test("a value is what its column stores", async () => {
    await session.execute(
      "CREATE OR REPLACE TABLE k (a VARCHAR, b NUMBER(5,1), c TIMESTAMP_NTZ(3), d BINARY, e VARIANT, f FLOAT, g DATE, h TIMESTAMP_TZ, i ARRAY)",
    );
    await session.execute(
      "INSERT INTO k SELECT PARSE_JSON('\"x\"'), '12.34', '2020-01-01 00:00:00.123999', 'ab', 'text', '1e3', '2020-01-02', '2020-01-01T00:00:00+0100', 7",
    );
    expect(await session.rows("SELECT * FROM k")).toEqual([
      ["x", "12.3", "1577836800.123", "AB", '"text"', "1000", "18263", "1577833200.000000000 1440", "[7]"],
    ]);
  });

  test.for([
    ["INSERT INTO t (id, name) VALUES (1, 'longer')", "100078"],
    ["INSERT INTO t (id) VALUES (1)", "100072"],
    ["INSERT INTO t (id, name, amount) VALUES (1, 'a', 12345.6)", "100046"],
    ["INSERT INTO t (id, name) VALUES ('x', 'a')", "100038"],
    ["INSERT INTO t (id, nope) VALUES (1, 'a')", "000904"],
    ["INSERT INTO t (id, name) VALUES (1)", "002020"],
    ["INSERT INTO nope VALUES (1)", "002003"],
  ] as const)("%s fails with %s, and nothing of it stays", async ([sql, code]) => {
    expect(await session.failure(sql)).toMatchObject({ code });
    expect(await session.rows("SELECT COUNT(*) FROM t")).toEqual([["0"]]);
  });

  test("rows of VALUES may have values of several types", async () => {
    await session.execute("CREATE OR REPLACE TABLE k (f FLOAT, s VARCHAR)");
    await session.execute("INSERT INTO k VALUES ('inf', 1), (-1e300, 'x'), (2, TRUE)");
    expect(await session.rows("SELECT * FROM k ORDER BY f")).toEqual([
      ["-1e+300", "x"],
      ["2", "true"],
      ["inf", "1"],
    ]);
  });

  test("characters are counted, not bytes", async () => {
    await session.execute("INSERT INTO t (id, name) VALUES (1, 'äöü€x')");
    expect(await session.rows("SELECT LENGTH(name) FROM t")).toEqual([["5"]]);
  });

  test("OVERWRITE replaces all rows, or none where it fails", async () => {
    await session.execute("INSERT INTO t (id, name) VALUES (1, 'a')");
    expect(await session.failure("INSERT OVERWRITE INTO t (id, name) VALUES (2, 'longer')")).toMatchObject({ code: "100078" });
    expect(await session.rows("SELECT id FROM t")).toEqual([["1"]]);
    await session.execute("INSERT OVERWRITE INTO t (id, name) VALUES (2, 'b')");
    expect(await session.rows("SELECT id FROM t")).toEqual([["2"]]);
  });
});

describe("UPDATE and DELETE", () => {
  beforeEach(async () => {
    await session.execute("INSERT INTO t (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c')");
  });

  test("change the rows that WHERE finds, and tell how many", async () => {
    expect(await counts("UPDATE t AS x SET x.name = 'z', amount = COALESCE(amount, 0) + 1, ok = DEFAULT WHERE x.id > 1")).toEqual(
      {
        "rows updated": 2,
        "multi-joined rows updated": 0,
      },
    );
    expect(await session.rows("SELECT id, name, amount FROM t ORDER BY id")).toEqual([
      ["1", "a", null],
      ["2", "z", "1.00"],
      ["3", "z", "1.00"],
    ]);
    await session.execute("CREATE OR REPLACE TABLE s AS SELECT 1 AS id");
    expect(await counts("DELETE FROM t USING (SELECT 2 AS id) s WHERE t.id = s.id")).toEqual({ "rows deleted": 1 });
    expect(await counts("UPDATE t SET name = 'j' FROM s JOIN t AS o ON o.id = s.id WHERE t.id = s.id")).toEqual({
      "rows updated": 1,
      "multi-joined rows updated": 0,
    });
    expect(await counts("DELETE FROM t")).toEqual({ "rows deleted": 2 });
  });

  test("UPDATE FROM tells which rows were joined more than once", async () => {
    const from = "(SELECT column1 AS id, column2 AS name FROM VALUES (1, 'x'), (2, 'y'), (2, 'y'))";
    expect(await counts(`UPDATE t SET name = s.name FROM ${from} s WHERE t.id = s.id`)).toEqual({
      "rows updated": 2,
      "multi-joined rows updated": 1,
    });
    expect(await session.rows("SELECT name FROM t ORDER BY id")).toEqual([["x"], ["y"], ["c"]]);
  });

  test("positions are moved by one statement with a JSON bind", async () => {
    await session.execute("CREATE OR REPLACE TABLE positions (split VARCHAR, pos NUMBER, epoch NUMBER)");
    const moves = textBind(
      JSON.stringify([
        { split: "a'b", pos: 1 },
        { split: "c", pos: 2 },
      ]),
    );
    const source = "(SELECT value:split::VARCHAR AS split, value:pos::NUMBER AS pos FROM TABLE(FLATTEN(PARSE_JSON(?)))) m";
    await session.execute(
      `MERGE INTO positions p USING ${source} ON p.split = m.split WHEN MATCHED THEN UPDATE SET pos = m.pos
       WHEN NOT MATCHED THEN INSERT (split, pos, epoch) VALUES (m.split, m.pos, 1)`,
      { binds: [moves] },
    );
    const later = textBind(JSON.stringify([{ split: "a'b", pos: 10 }]));
    const moved = await session.execute(
      `UPDATE positions p SET pos = m.pos FROM ${source} WHERE p.split = m.split AND p.epoch = 1`,
      {
        binds: [later],
      },
    );
    expect(moved.rows).toEqual([["1", "0"]]);
    expect(await session.rows("SELECT split, pos FROM positions ORDER BY split")).toEqual([
      ["a'b", "10"],
      ["c", "2"],
    ]);
  });

  test("array binds run a statement for each row", async () => {
    const result = await session.execute("DELETE FROM t WHERE id = ?", { binds: [{ type: "FIXED", value: ["1", "3", "9"] }] });
    expect(result.rows).toEqual([["2"]]);
    expect(await session.rows("SELECT id FROM t")).toEqual([["2"]]);
  });
});

describe("MERGE", () => {
  const upsert = `MERGE INTO t USING s ON t.id = s.id WHEN MATCHED AND s.del THEN DELETE
    WHEN MATCHED THEN UPDATE SET name = s.name WHEN NOT MATCHED AND NOT s.del THEN INSERT (id, name) VALUES (s.id, s.name)`;
  beforeEach(async () => {
    await session.execute("INSERT INTO t (id, name) VALUES (1, 'a'), (2, 'b')");
    await session.execute("CREATE OR REPLACE TEMPORARY TABLE s (id NUMBER, name VARCHAR, del BOOLEAN)");
  });

  test("updates, deletes and inserts, and tells how many rows of each", async () => {
    await session.execute(
      "INSERT INTO s VALUES (1, 'x', FALSE), (2, 'y', TRUE), (3, 'z', FALSE), (4, 'w', TRUE), (NULL, 'n', FALSE)",
    );
    expect(await counts(upsert)).toEqual({ "rows inserted": 2, "rows updated": 1, "rows deleted": 1 });
    expect(await session.rows("SELECT id, name, ok FROM t ORDER BY id")).toEqual([
      ["1", "x", "1"],
      ["3", "z", "1"],
      [null, "n", "1"],
    ]);
  });

  test("refuses to update a row by two rows, but not to delete it by two", async () => {
    await session.execute("INSERT INTO s VALUES (1, 'x', FALSE), (1, 'y', FALSE)");
    expect(await session.failure(upsert)).toMatchObject({ code: "100090", sqlState: "42P18" });
    expect(await session.rows("SELECT name FROM t WHERE id = 1")).toEqual([["a"]]);
    await session.execute("UPDATE s SET del = TRUE");
    expect(await counts(upsert)).toEqual({ "rows inserted": 0, "rows updated": 0, "rows deleted": 1 });
  });

  test("takes a query as its source, and the columns of the table where INSERT names none", async () => {
    await session.execute(
      "MERGE INTO t AS x USING (SELECT 9 AS id, 'q' AS name) AS q ON x.id = q.id WHEN NOT MATCHED THEN INSERT VALUES (q.id, q.name, 1, NULL, FALSE)",
    );
    expect(await session.rows("SELECT * FROM t WHERE id = 9")).toEqual([["9", "q", "1.00", null, "0"]]);
  });

  test("a value that does not fit fails, and nothing of it stays", async () => {
    await session.execute("INSERT INTO s VALUES (1, 'x', FALSE), (5, 'longer', FALSE)");
    expect(await session.failure(upsert)).toMatchObject({ code: "100078" });
    expect(await session.rows("SELECT id, name FROM t ORDER BY id")).toEqual([
      ["1", "a"],
      ["2", "b"],
    ]);
  });
});

test("what is only described changes nothing", async () => {
  for (const sql of ["INSERT INTO t (id, name) VALUES (1, 'a')", "CREATE TABLE made (a NUMBER)", "TRUNCATE TABLE t"])
    await session.execute(sql, { describeOnly: true });
  expect(await session.rows("SELECT COUNT(*) FROM t")).toEqual([["0"]]);
  expect(await session.failure("SELECT * FROM made")).toMatchObject({ code: "002003" });
});
