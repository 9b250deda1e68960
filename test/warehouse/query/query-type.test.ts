import { describe, expect, it } from "vitest";
import { queryType } from "../../../warehouse/query/query-type.ts";

describe("queryType", () => {
  it.each([
    ["select 1", "SELECT", false],
    ["select * from t", "SELECT", true],
    ["-- a remark\n /* and another */ SELECT a\nFROM t", "SELECT", true],
    ["with a as (select 1 from b) select * from a", "SELECT", true],
    ["(select a from t)", "SELECT", true],
    ["insert into t values (1)", "INSERT", true],
    ["MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE", "MERGE", true],
    ["copy into t from @s", "COPY", true],
    ["copy into @s from t", "UNLOAD", true],
    ["COPY FILES INTO @a FROM @b", "COPY_FILES", true],
    ["put file:///tmp/a @s", "PUT_FILES", false],
    ["list @s", "LIST_FILES", false],
    ["remove @s/a", "REMOVE_FILES", false],
    ["BEGIN NAME x", "BEGIN_TRANSACTION", false],
    ["begin", "BEGIN_TRANSACTION", false],
    ["commit", "COMMIT", false],
    ["create or replace temporary table t (a int)", "CREATE_TABLE", false],
    ["create table t as select * from s", "CREATE_TABLE_AS_SELECT", true],
    ["create table if not exists t (a int) as select 1 from s", "CREATE_TABLE_AS_SELECT", true],
    ["alter table t add column b int", "ALTER_TABLE", false],
    ["drop stage s", "DROP_STAGE", false],
    ["show tables", "SHOW", false],
    ["desc table t", "DESCRIBE", false],
    ["listen", "LISTEN", false],
    ["", "UNKNOWN", false],
  ])("knows what %j is", (text, name, needsWarehouse) => {
    expect(queryType(text)).toEqual({ name, needsWarehouse });
  });
});
