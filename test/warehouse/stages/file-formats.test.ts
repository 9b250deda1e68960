import { afterAll, beforeAll, expect, test } from "vitest";
import { type Loader, openLoader } from "../copy/open-loader.ts";

let loader: Loader;
beforeAll(async () => {
  loader = await openLoader();
});
afterAll(async () => {
  await loader[Symbol.asyncDispose]();
});

test("a file format is made, shown, changed, used and dropped", async () => {
  await loader.query("CREATE FILE FORMAT F TYPE = CSV FIELD_DELIMITER = ';' NULL_IF = ('a', 'b') COMMENT = 'text'");
  const [shown] = await loader.query("SHOW FILE FORMATS LIKE 'f'");
  expect(shown).toMatchObject({ name: "F", type: "CSV", comment: "text" });
  await loader.query("ALTER FILE FORMAT F SET FIELD_DELIMITER = '|'");
  const described = await loader.query("DESC FILE FORMAT F");
  expect(described.find(({ property }) => property === "FIELD_DELIMITER")?.["property_value"]).toBe("|");
  expect(described.find(({ property }) => property === "NULL_IF")?.["property_value"]).toBe("[a, b]");
  await loader.put("f/a.csv", "b|2\n");
  await loader.query("CREATE TABLE T (A VARCHAR, B NUMBER)");
  await loader.query("COPY INTO T FROM @S/f/ FILE_FORMAT = F");
  expect(await loader.rows("SELECT * FROM T")).toEqual([[null, "2"]]);
  await loader.query("DROP FILE FORMAT F");
  expect((await loader.failure("COPY INTO T FROM @S/f/ FILE_FORMAT = (FORMAT_NAME = 'F')")).code).toBe("002003");
});

test.for([
  ["CREATE FILE FORMAT X TYPE = ORC", "TYPE"],
  ["CREATE FILE FORMAT X TYPE = CSV COMPRESSION = LZO", "COMPRESSION"],
  ["CREATE FILE FORMAT X TYPE = CSV BINARY_FORMAT = OCTAL", "BINARY_FORMAT"],
] as const)("%s is refused by its name", async ([sql, option]) => {
  expect((await loader.failure(sql)).message).toContain(`'${option}'`);
});
