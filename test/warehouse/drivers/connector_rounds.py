"""What a user does with Snowflake's Python connector, round by round. Each round's outcome is a line: `ok NAME` or `NOT NAME`."""

import datetime
import decimal
import os
import sys
import tempfile
import threading
import time
import traceback

import snowflake.connector
from snowflake.connector import DatabaseError, DictCursor, ProgrammingError


def connect(**more):
    return snowflake.connector.connect(
        user=os.environ["ROUND_USER"],
        password=os.environ["ROUND_PASSWORD"],
        account="snowline-test",
        host="127.0.0.1",
        port=int(os.environ["ROUND_PORT"]),
        protocol="http",
        warehouse="COMPUTE_WH",
        database=os.environ["ROUND_DATABASE"],
        schema=os.environ["ROUND_SCHEMA"],
        **more,
    )


def types(connection):
    cursor = connection.cursor()
    cursor.execute(
        """SELECT 1::NUMBER(10,2), 12345678901234567890123456789012345678, 1.5::FLOAT, 'é', TRUE, DATE '2026-01-31',
        TIME '10:11:12.5', '2026-01-31 10:11:12.123456'::TIMESTAMP_NTZ, '2026-01-31 10:11:12 +02:00'::TIMESTAMP_TZ,
        TO_BINARY('00FF', 'HEX'), PARSE_JSON('{"a": [1, null]}'), NULL::VARCHAR"""
    )
    row = cursor.fetchone()
    assert row[0] == decimal.Decimal("1.00"), row[0]
    assert row[1] == 12345678901234567890123456789012345678, row[1]
    assert row[2] == 1.5 and row[3] == "é" and row[4] is True, row
    assert row[5] == datetime.date(2026, 1, 31), row[5]
    assert row[6] == datetime.time(10, 11, 12, 500000), row[6]
    assert row[7] == datetime.datetime(2026, 1, 31, 10, 11, 12, 123456), row[7]
    assert row[8].timestamp() == 1769847072, row[8]
    assert bytes(row[9]) == b"\x00\xff", row[9]
    assert '"a"' in row[10] and row[11] is None, row[10:]


def binds(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE OR REPLACE TABLE binds (a INT, b VARCHAR, c TIMESTAMP_NTZ, d BOOLEAN, e NUMBER(10,2))")
    when = datetime.datetime(2026, 5, 6, 7, 8, 9)
    cursor.execute("INSERT INTO binds VALUES (%s, %s, %s, %s, %s)", (1, "it's", when, True, decimal.Decimal("3.25")))
    assert cursor.rowcount == 1, cursor.rowcount
    cursor.execute("SELECT * FROM binds WHERE b = %(b)s", {"b": "it's"})
    assert cursor.fetchall() == [(1, "it's", when, True, decimal.Decimal("3.25"))]


def question_marks():
    with connect(paramstyle="qmark") as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE OR REPLACE TABLE marks (a INT, b VARCHAR)")
        cursor.executemany("INSERT INTO marks VALUES (?, ?)", [(n, None if n % 3 == 0 else f"row {n}") for n in range(300)])
        cursor.execute("SELECT COUNT(*), COUNT(b), SUM(a) FROM marks WHERE a >= ?", (0,))
        assert cursor.fetchone() == (300, 200, 44850)


def many_rows(connection):
    cursor = connection.cursor()
    cursor.execute("SELECT SEQ4() AS n, REPEAT('x', 50) AS t FROM TABLE(GENERATOR(ROWCOUNT => 100000)) ORDER BY n")
    rows = cursor.fetchall()
    assert len(rows) == 100000 and rows[0][0] == 0 and rows[-1] == (99999, "x" * 50), (len(rows), rows[-1])
    assert [column.name for column in cursor.description] == ["N", "T"]


def dictionaries(connection):
    rows = connection.cursor(DictCursor).execute("SELECT 1 AS a, 'x' AS \"b\"").fetchall()
    assert rows == [{"A": 1, "b": "x"}], rows


def errors(connection):
    cursor = connection.cursor()
    for sql, number, state in [
        ("SELEC 1", 1003, "42000"),
        ("SELECT * FROM no_such_table", 2003, "42S02"),
        ("SELECT no_such_column FROM (SELECT 1 AS a)", 904, "42000"),
        ("SELECT 1 / 0", 100051, "22012"),
        ("SELECT 'x'::INT", 100038, "22018"),
    ]:
        try:
            cursor.execute(sql)
        except ProgrammingError as error:
            assert error.errno == number and error.sqlstate == state, (sql, error.errno, error.sqlstate)
        else:
            raise AssertionError(f"{sql} did not fail")
    assert cursor.execute("SELECT 1").fetchone() == (1,)


def transactions(connection):
    with connect() as other:
        cursor, onlooker = connection.cursor(), other.cursor()
        cursor.execute("CREATE OR REPLACE TABLE money (a INT)")
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO money VALUES (1)")
        assert onlooker.execute("SELECT COUNT(*) FROM money").fetchone() == (0,)
        connection.rollback()
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO money VALUES (2)")
        try:
            cursor.execute("SELECT no_such_column FROM money")
        except ProgrammingError:
            pass
        connection.commit()
        assert onlooker.execute("SELECT a FROM money").fetchall() == [(2,)]
        other.autocommit(False)
        onlooker.execute("INSERT INTO money VALUES (3)")
        assert cursor.execute("SELECT COUNT(*) FROM money").fetchone() == (1,)
        other.commit()
        assert cursor.execute("SELECT COUNT(*) FROM money").fetchone() == (2,)


def several_statements(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE OR REPLACE TABLE several (a INT); INSERT INTO several VALUES (1), (2); SELECT a FROM several ORDER BY a", num_statements=3)
    cursor.nextset()
    assert cursor.fetchall() == [(2,)], "the insert's result"
    cursor.nextset()
    assert cursor.fetchall() == [(1,), (2,)], "the query's result"


def asynchronous(connection):
    cursor = connection.cursor()
    cursor.execute_async("SELECT SYSTEM$WAIT(1)")
    query_id = cursor.sfqid
    assert connection.is_still_running(connection.get_query_status(query_id))
    cursor.get_results_from_sfqid(query_id)
    assert cursor.fetchall() == [("waited 1 seconds",)]


def cancelled(connection):
    cursor = connection.cursor()
    cursor.execute_async("SELECT SYSTEM$WAIT(30)")
    query_id = cursor.sfqid
    started = time.time()
    assert cursor.abort_query(query_id)
    try:
        cursor.get_results_from_sfqid(query_id)
        cursor.fetchall()
    except DatabaseError as error:
        assert "SQL execution canceled" in str(error), error
    else:
        raise AssertionError("it was not cancelled")
    assert time.time() - started < 15


def files(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE OR REPLACE STAGE rounds")
    cursor.execute("CREATE OR REPLACE TABLE loaded (a INT, b VARCHAR)")
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "rows.csv")
        with open(path, "w") as file:
            file.write("".join(f'{n},"row, {n}"\n' for n in range(1000)))
        put = cursor.execute(f"PUT 'file://{path}' @rounds/folder").fetchall()
        assert put[0][1] == "rows.csv.gz" and put[0][6] == "UPLOADED", put
        # Before version 5 it gets a URL for each file, and does not look whether the file is there.
        if int(snowflake.connector.__version__.split(".")[0]) >= 5:
            again = cursor.execute(f"PUT 'file://{path}' @rounds/folder").fetchall()
            assert again[0][6] == "SKIPPED", again
        assert cursor.execute("LIST @rounds").fetchall()[0][0] == "rounds/folder/rows.csv.gz"
        copied = cursor.execute(
            "COPY INTO loaded FROM @rounds/folder FILE_FORMAT = (TYPE = CSV FIELD_OPTIONALLY_ENCLOSED_BY = '\"')"
        ).fetchall()
        assert copied[0][:4] == ("folder/rows.csv.gz", "LOADED", 1000, 1000), copied
        assert cursor.execute("SELECT COUNT(*), SUM(a), MAX(b) FROM loaded").fetchone() == (1000, 499500, "row, 999")
        assert cursor.execute("COPY INTO loaded FROM @rounds/folder").fetchall()[0][0] == "Copy executed with 0 files processed."
        cursor.execute("COPY INTO @rounds/out/ FROM loaded FILE_FORMAT = (TYPE = CSV COMPRESSION = NONE) SINGLE = FALSE")
        got = cursor.execute(f"GET @rounds/out/ 'file://{directory}/'").fetchall()
        assert got[0][2] == "DOWNLOADED", got
        with open(os.path.join(directory, os.path.basename(got[0][0]))) as file:
            assert len(file.readlines()) == 1000
    cursor.execute("REMOVE @rounds")
    assert cursor.execute("LIST @rounds").fetchall() == []


def merged(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE OR REPLACE TABLE target (k INT, v VARCHAR)")
    cursor.execute("CREATE OR REPLACE TEMPORARY TABLE source (k INT, v VARCHAR, gone BOOLEAN)")
    cursor.execute("INSERT INTO target VALUES (1, 'old'), (2, 'old')")
    cursor.execute("INSERT INTO source VALUES (1, 'new', FALSE), (2, NULL, TRUE), (3, 'new', FALSE)")
    cursor.execute(
        """MERGE INTO target t USING source s ON t.k = s.k WHEN MATCHED AND s.gone THEN DELETE
        WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED AND NOT s.gone THEN INSERT (k, v) VALUES (s.k, s.v)"""
    )
    assert cursor.fetchone() == (1, 1, 1)
    assert cursor.execute("SELECT * FROM target ORDER BY k").fetchall() == [(1, "new"), (3, "new")]


def described(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE OR REPLACE TABLE shown (a NUMBER(10,2) NOT NULL, b VARCHAR(20), c TIMESTAMP_NTZ(3))")
    columns = cursor.describe("SELECT * FROM shown")
    assert [(c.name, c.precision, c.scale, c.internal_size, c.is_nullable) for c in columns[:2]] == [
        ("A", 10, 2, None, False),
        ("B", None, None, 20, True),
    ], columns
    rows = cursor.execute("DESCRIBE TABLE shown").fetchall()
    assert [row[:2] for row in rows] == [("A", "NUMBER(10,2)"), ("B", "VARCHAR(20)"), ("C", "TIMESTAMP_NTZ(3)")], rows
    assert cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'SHOWN' ORDER BY ordinal_position").fetchall() == [
        ("A",),
        ("B",),
        ("C",),
    ]
    assert cursor.execute("SHOW TABLES LIKE 'shown'").fetchall()[0][1] == "SHOWN"


def at_the_same_time(connection):
    connection.cursor().execute("CREATE OR REPLACE TABLE busy (a INT)")
    problems = []

    def work(number):
        try:
            with connect() as own:
                for _ in range(5):
                    own.cursor().execute("INSERT INTO busy VALUES (%s)", (number,))
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert problems == []
    assert connection.cursor().execute("SELECT COUNT(*), COUNT(DISTINCT a) FROM busy").fetchone() == (20, 4)


def main():
    wanted = sys.argv[1:]
    failed = False
    with connect(session_parameters={"QUERY_TAG": "rounds"}) as connection:
        rounds = [types, binds, question_marks, many_rows, dictionaries, errors, transactions, several_statements, asynchronous]
        rounds += [cancelled, files, merged, described, at_the_same_time]
        for one in rounds:
            if wanted and one.__name__ not in wanted:
                continue
            try:
                one() if one is question_marks else one(connection)
                print(f"ok {one.__name__}", flush=True)
            except Exception:
                failed = True
                print(f"NOT {one.__name__}\n{traceback.format_exc(limit=-3)}", flush=True)
    sys.exit(1 if failed else 0)


main()
