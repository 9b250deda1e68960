import avro from "avsc";
import { describe, expect, test } from "vitest";
import { ByteWriter } from "../../../runtime/component/byte-writer.ts";
import { Terminal } from "../../../runtime/component/errors.ts";
import { openAvroFormat } from "../../../runtime/formats/avro.ts";
import { encoded, formatContract, recordOf } from "../../contract/format.ts";
import { writer } from "./avro-writer.ts";
import { laptopContext } from "./laptop-context.ts";

const context = () => laptopContext({ folder: "/" });
const columnsOf = (names: string) => names.split(" ").map((name) => ({ name, type: "VARCHAR" }));
const failure = (run: () => unknown) => {
  try {
    run();
    return null;
  } catch (error) {
    return error;
  }
};

const order = {
  type: "record",
  name: "Order",
  namespace: "shop",
  fields: [
    { name: "id", type: "long" },
    { name: "name", type: "string" },
    { name: "paid", type: "boolean" },
    { name: "weight", type: "float" },
    { name: "ratio", type: "double" },
    { name: "blob", type: "bytes" },
    { name: "hash", type: { type: "fixed", name: "Hash", size: 3 } },
    { name: "status", type: { type: "enum", name: "Status", symbols: ["NEW", "PAID"] } },
    { name: "note", type: ["null", "string"] },
    { name: "either", type: ["null", "long", "string", "Hash"] },
    { name: "tags", type: { type: "array", items: "string" } },
    { name: "counts", type: { type: "map", values: "int" } },
    { name: "next", type: ["null", "Order"] },
    { name: "nothing", type: "null" },
  ],
};
const written = {
  id: 9007199254740993n,
  name: 'é"\n\u2028',
  paid: true,
  weight: 0.5,
  ratio: -1e300,
  blob: Buffer.from([0, 255]),
  hash: Buffer.from("abc"),
  status: "PAID",
  note: { string: "n" },
  either: { "shop.Hash": Buffer.from("xyz") },
  tags: ["a", "b"],
  counts: { x: -1, 'y"': 2 },
  next: null,
  nothing: null,
};
const shown = {
  ...written,
  id: 9007199254740992,
  blob: "AP8=",
  hash: "YWJj",
  note: "n",
  either: "eHl6",
};
const nested = { ...written, next: { "shop.Order": { ...written, note: null, either: { long: -1n }, tags: [], counts: {} } } };
const allColumns = columnsOf(order.fields.map(({ name }) => name).join(" "));
const orderBytes = writer(order).toBuffer(written);
const openOrders = () => openAvroFormat({ schema: JSON.stringify(order) }, allColumns, context());

formatContract("avro", {
  open: openOrders,
  good: [
    { value: orderBytes, members: shown },
    {
      value: writer(order).toBuffer(nested),
      members: { ...shown, next: { ...shown, note: null, either: -1, tags: [], counts: {} } },
    },
  ],
  bad: [
    { value: Buffer.alloc(0), error: /^not readable Avro: the value is cut off, at byte 0 of the value$/ },
    { value: orderBytes.subarray(0, -3), error: /the value is cut off/ },
    { value: Buffer.concat([orderBytes, Buffer.from("SECRET")]), error: /6 bytes follow the value/ },
    {
      value: Buffer.concat([Buffer.from([2, 4, 0xff, 0xfe]), orderBytes]),
      error: /^not readable Avro: not UTF-8: a string stops being text at byte 2 of the value$/,
    },
    { value: Buffer.from([2, 2, 65, 7]), error: /a boolean is neither 0 nor 1/ },
    { value: Buffer.from([2, 3]), error: /a length is negative/ },
    { value: Buffer.alloc(40, 0xff), error: /more than 64 bits/ },
  ],
});

describe("the avro format", () => {
  test("keeps all the digits of longs", () => {
    const into = new ByteWriter(100);
    const format = openAvroFormat({ schema: JSON.stringify(order) }, columnsOf("id"), context());
    for (const id of [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n, -(2n ** 53n) - 1n, 0n]) {
      into.length = 0;
      expect(format.encode(recordOf(writer(order).toBuffer({ ...written, id })), into)).toBeNull();
      expect(into.bytes.toString("latin1", 0, into.length)).toBe(`"id":${id}`);
    }
  });

  const logical: readonly [string, object | string, unknown, unknown][] = [
    [
      "decimal",
      { type: "bytes", logicalType: "decimal", precision: 30, scale: 2 },
      Buffer.from("00e8d4a50fff", "hex"),
      "9999999999.99",
    ],
    [
      "a negative decimal",
      { type: "bytes", logicalType: "decimal", precision: 30, scale: 3 },
      Buffer.from("ff", "hex"),
      "-0.001",
    ],
    [
      "a decimal of 38 digits",
      { type: "bytes", logicalType: "decimal", precision: 38 },
      Buffer.from("4b3b4ca85a86c47a098a223fffffffff", "hex"),
      "9".repeat(38),
    ],
    [
      "a fixed decimal",
      { type: "fixed", name: "D", size: 2, logicalType: "decimal", precision: 4, scale: 4 },
      Buffer.from([0, 5]),
      "0.0005",
    ],
    ["an invalid decimal", { type: "bytes", logicalType: "decimal", precision: 2, scale: 3 }, Buffer.from([5]), "BQ=="],
    ["date", { type: "int", logicalType: "date" }, 18_321, "2020-02-29"],
    ["a date before 1970", { type: "int", logicalType: "date" }, -1, "1969-12-31"],
    ["a date before our era", { type: "int", logicalType: "date" }, -719_163, "0001-12-31 (BC)"],
    ["time-millis", { type: "int", logicalType: "time-millis" }, 86_399_999, "23:59:59.999"],
    ["time-micros", { type: "long", logicalType: "time-micros" }, 3_600_000_001n, "01:00:00.000001"],
    ["timestamp-millis", { type: "long", logicalType: "timestamp-millis" }, -1n, "1969-12-31T23:59:59.999Z"],
    [
      "a timestamp before our era",
      { type: "long", logicalType: "timestamp-millis" },
      -62_135_596_800_001n,
      "0001-12-31 (BC)T23:59:59.999Z",
    ],
    [
      "a timestamp after the year 9999",
      { type: "long", logicalType: "timestamp-millis" },
      317_127_960_000_000n,
      "12019-05-21T12:00:00.000Z",
    ],
    [
      "timestamp-micros",
      { type: "long", logicalType: "timestamp-micros" },
      1_577_872_800_123_456n,
      "2020-01-01T10:00:00.123456Z",
    ],
    [
      "timestamp-nanos",
      { type: "long", logicalType: "timestamp-nanos" },
      1_577_872_800_123_456_789n,
      "2020-01-01T10:00:00.123456789Z",
    ],
    ["local-timestamp-micros", { type: "long", logicalType: "local-timestamp-micros" }, 0n, "1970-01-01T00:00:00.000000"],
    ["uuid", { type: "string", logicalType: "uuid" }, "a-b", "a-b"],
    [
      "a fixed uuid",
      { type: "fixed", name: "U", size: 16, logicalType: "uuid" },
      Buffer.from("00112233445566778899aabbccddeeff", "hex"),
      "00112233-4455-6677-8899-aabbccddeeff",
    ],
    [
      "a duration, as the bytes it is",
      { type: "fixed", name: "P", size: 12, logicalType: "duration" },
      Buffer.alloc(12),
      "AAAAAAAAAAAAAAAA",
    ],
    ["an infinity", "double", -Infinity, "-Infinity"],
    ["no number", "float", Number.NaN, "NaN"],
  ];
  test.each(logical)("shows %s", (_what, type, value, text) => {
    for (const wrapped of [type, ["null", type]]) {
      const schema = { type: "record", name: "R", fields: [{ name: "x", type: wrapped }] };
      const plain = writer(schema);
      const branch = typeof type === "string" ? type : "name" in type ? String(type.name) : (type as { type: string }).type;
      const bytes = plain.toBuffer({ x: wrapped === type ? value : { [branch]: value } });
      expect(encoded(openAvroFormat({ schema: JSON.stringify(schema) }, columnsOf("x"), context()), bytes)).toEqual({
        error: null,
        members: { x: text },
      });
    }
  });

  test.each([
    ["a time of day that is none", { type: "int", logicalType: "time-millis" }, 86_400_000, /outside the day/],
    ["a date too far away", { type: "int", logicalType: "date" }, 2 ** 31 - 1, /years away/],
    [
      "a decimal of very many bytes",
      { type: "bytes", logicalType: "decimal", precision: 3000 },
      Buffer.alloc(1000, 1),
      /more than 64/,
    ],
  ])("refuses %s", (_what, type, value, error) => {
    const schema = { type: "record", name: "R", fields: [{ name: "x", type }] };
    expect(
      encoded(
        openAvroFormat({ schema: JSON.stringify(schema) }, columnsOf("x"), context()),
        writer(schema).toBuffer({ x: value }),
      ).error,
    ).toMatch(error);
  });

  test("refuses an array that claims more items than there are bytes, at once", () => {
    const schema = { type: "record", name: "R", fields: [{ name: "x", type: { type: "array", items: "null" } }] };
    const format = openAvroFormat({ schema: JSON.stringify(schema) }, columnsOf("x"), context());
    const claim = avro.Type.forSchema("long").toBuffer(2 ** 50);
    expect(encoded(format, Buffer.concat([claim, Buffer.from([0])])).error).toMatch(/more items than there are bytes/);
    expect(encoded(format, Buffer.from([4, 0])).members).toEqual({ x: [null, null] });
  });

  test("refuses a value that nests without end", () => {
    const schema = { type: "record", name: "R", fields: [{ name: "x", type: { type: "array", items: "R" } }] };
    const format = openAvroFormat({ schema: JSON.stringify(schema) }, columnsOf("x"), context());
    expect(encoded(format, Buffer.alloc(100_000, 2)).error).toMatch(/levels of nesting/);
  });

  test("refuses a map key that would be lost", () => {
    const schema = { type: "record", name: "R", fields: [{ name: "x", type: { type: "map", values: "int" } }] };
    const format = openAvroFormat({ schema: JSON.stringify(schema) }, columnsOf("x"), context());
    const entry = (key: string) => Buffer.concat([Buffer.from([2, key.length * 2]), Buffer.from(key), Buffer.from([2, 0])]);
    expect(encoded(format, entry("constructor")).members).toEqual({ x: { constructor: 1 } });
    expect(encoded(format, entry("__proto__")).error).toMatch(/__proto__/);
  });

  test("takes only the declared columns, and leaves out those the schema does not have", () => {
    const format = openAvroFormat({ schema: JSON.stringify(order) }, columnsOf("status missing name"), context());
    expect(encoded(format, orderBytes).members).toEqual({ status: "PAID", name: written.name });
  });

  test.each([
    ["not JSON", /is no Avro schema/],
    ['{"type":"record","name":"R","fields":[{"name":"x","type":"Unknown"}]}', /undefined type name: Unknown/],
    ['"string"', /the schema is string, not a record/],
  ])("refuses the schema %s in the manifest", (schema, message) => {
    const error = failure(() => openAvroFormat({ schema }, columnsOf("x"), context()));
    expect(error).toBeInstanceOf(Terminal);
    expect(String(error)).toMatch(message);
  });
});
