import { describe, expect, it } from "vitest";
import { ByteWriter } from "../../../runtime/component/byte-writer.ts";

const written = (writer: ByteWriter): string => writer.bytes.toString("utf8", 0, writer.length);

describe("ByteWriter", () => {
  it.each([
    0,
    7,
    10,
    99,
    100,
    2_147_483_647,
    2_147_483_648,
    4_294_967_296,
    1_767_225_600_000,
    Number.MAX_SAFE_INTEGER,
    -1,
    -10,
    -2_147_483_649,
    Number.MIN_SAFE_INTEGER,
    2 ** 53,
    -(2 ** 63),
    1e300,
  ])("writes %d as String would", (value) => {
    const writer = new ByteWriter(1);
    writer.integer(value);
    expect(written(writer)).toBe(String(value));
  });

  it("writes every power of ten and its neighbours as String would", () => {
    const writer = new ByteWriter(1);
    for (let power = 1; power <= 1e15; power *= 10) {
      for (const value of [power - 1, power, power + 1]) {
        writer.length = 0;
        writer.integer(value);
        expect(written(writer)).toBe(String(value));
      }
    }
  });

  it("grows and keeps what it has", () => {
    const writer = new ByteWriter(1);
    writer.ascii('{"a":');
    writer.utf8("žluť 🚂");
    writer.byte(0x7d);
    writer.copy(Buffer.from("xxhelloxx"), 2, 7);
    expect(written(writer)).toBe('{"a":žluť 🚂}hello');
  });

  it("forgets what is behind a length that was set back", () => {
    const writer = new ByteWriter(4);
    writer.ascii("keep");
    const { length } = writer;
    writer.ascii("undo this, please");
    writer.length = length;
    writer.ascii("!");
    expect(written(writer)).toBe("keep!");
  });
});
