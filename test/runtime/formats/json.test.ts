import { DuckDBInstance } from "@duckdb/node-api";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Batch } from "../../../runtime/component/batch.ts";
import { jsonDepthMax } from "../../../runtime/formats/json-scan.ts";
import { jsonFormat, jsonValueFormat } from "../../../runtime/formats/json.ts";
import { damaged, encoded, formatContract, recordOf, seededRandom, seedOf } from "../../contract/format.ts";

const text = (value: string) => Buffer.from(value);
const nested = (levels: number) => text(`{"a":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`);

formatContract("json", {
  open: jsonFormat,
  good: [
    { value: text('{"a":1,"b":"x"}'), members: { a: 1, b: "x" } },
    { value: text("{}"), members: {} },
    { value: text(" \n{ \r\n\t} "), members: {} },
    { value: text('{\n  "a": [1,\r\n 2.5e-3],\n\t"b": {"c": null}\n}\n'), members: { a: [1, 2.5e-3], b: { c: null } } },
    { value: text('{"a":"\\n\\u00e9\\ud83d\\ude00é😀\u2028"}'), members: { a: "\né😀é😀\u2028" } },
    { value: text('{"a":-0,"b":true,"c":false,"d":10}'), members: { a: -0, b: true, c: false, d: 10 } },
    { value: text('{"_i":7,"":1}'), members: { _i: 7, "": 1 } },
  ],
  bad: [
    { value: text(""), error: /empty/ },
    { value: text('[{"SECRET":1}]'), error: /an array, not a JSON object/ },
    { value: text('"SECRET"'), error: /a string, not a JSON object/ },
    { value: text("17"), error: /a number, not a JSON object/ },
    { value: text('{"SECRET":1'), error: /inside an object at byte 11/ },
    { value: text('{"a":["SECRET"'), error: /inside an array at byte 14/ },
    { value: text('{"a":"SECRET}'), error: /inside a string/ },
    { value: text('{"a":1}}'), error: /something follows the value at byte 7/ },
    { value: text('{"a":1]'), error: /expected a comma or }/ },
    { value: text('{"a":[1}'), error: /expected a comma or ]/ },
    { value: text('{"a":1,}'), error: /member's name/ },
    { value: text('{"a":[1,]}'), error: /expected a value/ },
    { value: text('{"a":NaN}'), error: /expected a value/ },
    { value: text('{"a":-Infinity}'), error: /expected a value/ },
    { value: text('{"a":tru}'), error: /expected a value/ },
    { value: text('{"a":01}'), error: /begins with a zero/ },
    { value: text('{"a":1.}'), error: /ends in a point/ },
    { value: text('{"a":1e}'), error: /no digits/ },
    { value: text('{"a" 1}'), error: /colon/ },
    { value: text("{'a':1}"), error: /member's name/ },
    { value: text('{"a":"x\ny"}'), error: /control character stands in a string at byte 7/ },
    { value: text('{"a":"\\x41"}'), error: /none of JSON's/ },
    { value: text('{"a":"\\u12"}'), error: /four hex digits/ },
    { value: text('{"a":"\\ud800"}'), error: /surrogate/ },
    { value: Buffer.from('{"SECRET":"\xff"}', "latin1"), error: /^not UTF-8: .* at byte 11 of the value$/ },
    { value: nested(jsonDepthMax + 1), error: /levels of nesting/ },
  ],
});

formatContract("json in one column", {
  open: jsonValueFormat,
  good: [
    { value: text('{"a":1}'), members: { value: { a: 1 } } },
    { value: text(' [1,\n"x"] '), members: { value: [1, "x"] } },
    { value: text('"x"'), members: { value: "x" } },
    { value: text("-1.5E+3"), members: { value: -1500 } },
    { value: text("null"), members: { value: null } },
  ],
  bad: [
    { value: text("SECRET"), error: /expected a value/ },
    { value: text("1 2"), error: /something follows/ },
    { value: text("  "), error: /empty/ },
    { value: text("-"), error: /expected a value/ },
    { value: text("t"), error: /expected a value/ },
    { value: text('"\\u12'), error: /four hex digits/ },
  ],
});

describe("the json format", () => {
  test("takes values as deep as the bound", () => {
    expect(encoded(jsonFormat(), nested(jsonDepthMax)).error).toBeNull();
  });

  test("agrees with JSON.parse on 20,000 records of which a tenth is damaged, but for half surrogate pairs", () => {
    const seed = seedOf("JSON_SEED");
    const random = seededRandom(seed);
    const format = jsonFormat();
    let refused = 0;
    for (let turn = 0; turn < 20_000; turn++) {
      const good = orderOf(turn);
      const value = random(10) === 0 ? damaged(good, random) : good;
      const expected = strictlyParsed(value);
      const { error, members } = encoded(format, value);
      if (error !== null) refused++;
      if (error?.includes("surrogate") === true) continue;
      expect(error === null ? members : null, `seed ${seed}, turn ${turn}: ${value.toString("base64")}: ${error}`).toEqual(
        expected,
      );
    }
    expect(refused, `seed ${seed}`).toBeGreaterThan(500);
  });

  // Reads as the transform does: a member that comes twice is no error there.
  test("makes lines in which no member of the payload stands in for a spliced one", async () => {
    const batch = new Batch(["_offset", "_topic"], { bytesMax: 1 << 20, recordsMax: 10 });
    const format = jsonFormat();
    for (const value of ['{"_i":9,"_offset":9,"a":1}', '{"\\u005fi":9,"_topic":"x","a":2}'])
      batch.append(recordOf(text(value), { offset: 5 }), format);
    const directory = await mkdtemp(join(tmpdir(), "snowline-json-"));
    try {
      const path = join(directory, "lines.json");
      await writeFile(path, batch.bytes.subarray(0, batch.length));
      const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
      const connection = await instance.connect();
      const columns = "columns = {_i: 'INTEGER', _offset: 'BIGINT', _topic: 'VARCHAR', a: 'VARCHAR'}";
      const answer = await connection.runAndReadAll(
        `SELECT * FROM read_json('${path}', format = 'newline_delimited', ignore_errors = true, ${columns})`,
      );
      connection.closeSync();
      instance.closeSync();
      expect(answer.getRowsJson()).toEqual([
        [0, "5", "topic", "1"],
        [1, "5", "topic", "2"],
      ]);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

function orderOf(turn: number): Buffer {
  const order = {
    order_id: `o-${turn}`,
    customer: { id: `c-${turn % 97}`, email: `jürgen${turn}@example.org`, tags: ["a", 'b"c', "d\\e"] },
    amount: turn / 7,
    note: turn % 5 === 0 ? null : `line\n${turn}\t\u0001`,
    items: [{ sku: "s", quantity: turn % 9 }, {}, []],
    paid: turn % 2 === 0,
  };
  return text(turn % 3 === 0 ? JSON.stringify(order, null, 2) : JSON.stringify(order));
}

/** The object the bytes are, or null. */
function strictlyParsed(value: Buffer): unknown {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value));
    return typeof parsed === "object" && !Array.isArray(parsed) ? parsed : null;
  } catch {
    return null;
  }
}
