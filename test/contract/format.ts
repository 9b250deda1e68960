import { describe, expect, test } from "vitest";
import { Batch } from "../../runtime/component/batch.ts";
import { ByteWriter } from "../../runtime/component/byte-writer.ts";
import { type Format, needsSchema, type RecordView } from "../../runtime/component/record.ts";

/** An implementation under test. */
export interface FormatSubject {
  /** A format that answers `needsSchema` for no value below. */
  open(): Format | Promise<Format>;
  /** Values the format takes, with the members it makes of them. */
  readonly good: readonly { readonly value: Buffer; readonly members: Readonly<Record<string, unknown>> }[];
  /** Values it refuses, with what it says. */
  readonly bad: readonly { readonly value: Buffer; readonly error: RegExp }[];
}

const fuzzedValues = 5000;

/** What every Format promises. */
export function formatContract(name: string, subject: FormatSubject): void {
  describe(`${name} keeps the contract of a format:`, () => {
    test.each(subject.good.map((good, index) => ({ ...good, index })))(
      "it takes value $index and makes its members",
      async ({ value, members }) => {
        expect(encoded(await subject.open(), value)).toEqual({ error: null, members });
      },
    );

    test.each(subject.bad.map((bad, index) => ({ ...bad, index })))(
      "it refuses bad value $index and says why",
      async ({ value, error }) => {
        const answer = encoded(await subject.open(), value);
        expect(answer.error).toMatch(error);
        expect(answer.error).not.toContain("SECRET");
      },
    );

    test("a record without a value appends nothing", async () => {
      const into = new ByteWriter(64);
      expect((await subject.open()).encode(recordOf(Buffer.alloc(0), { valueStart: -1, valueEnd: -1 }), into)).toBeNull();
      expect(into.length).toBe(0);
    });

    test("it reads no byte before or after the value", async () => {
      const format = await subject.open();
      const surroundings = ['"', ",1", "}", "]", "\\", "\n", "0", "\0", "\x80", '":1', 'u0041"', "rue", "34"].map((text) =>
        Buffer.from(text, "latin1"),
      );
      for (const { value } of [...subject.good, ...subject.bad]) {
        const alone = encoded(format, value);
        for (const around of surroundings) {
          const bytes = Buffer.concat([around, value, around]);
          expect(
            encodedRecord(format, recordOf(bytes, { valueStart: around.length, valueEnd: around.length + value.length })),
          ).toEqual(alone);
        }
      }
    });

    test("a refused record leaves the lines around it as they are", async () => {
      const format = await subject.open();
      const batch = new Batch([], { bytesMax: 1 << 20, recordsMax: 1000 });
      const [good, bad] = [subject.good[0]!, subject.bad[0]];
      const values = bad === undefined ? [good.value, good.value] : [good.value, bad.value, good.value];
      for (const value of values) batch.append(recordOf(value), format);
      const lines = batch.bytes.toString("utf8", 0, batch.length).trimEnd().split("\n");
      const last = values.length - 1;
      expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
        { _i: 0, ...good.members },
        { _i: last, ...good.members },
      ]);
      expect(batch.rejects.map(({ ordinal }) => ordinal)).toEqual(bad === undefined ? [] : [1]);
    });

    test("whatever the bytes are, what it appends is one line of JSON members, and what it says is one line of ASCII", async () => {
      const format = await subject.open();
      const seed = seedOf("FORMAT_SEED");
      const random = seededRandom(seed);
      const values = [...subject.good, ...subject.bad].map(({ value }) => value);
      for (let turn = 0; turn < fuzzedValues; turn++) {
        const value = damaged(values[random(values.length)]!, random);
        const into = new ByteWriter(16);
        const error = format.encode(recordOf(value), into);
        const text = error === null ? into.bytes.subarray(0, into.length) : Buffer.from("");
        const fits = /^[\x20-\x7e]*$/.test(error ?? "") && !text.includes(0x0a) && !text.includes(0x0d) && isMembers(text);
        expect({ seed, turn, value: value.toString("base64"), fits }).toMatchObject({ fits: true });
      }
    });
  });
}

/** A record that is nothing but a value. */
export function recordOf(bytes: Buffer, part: Partial<RecordView> = {}): RecordView {
  return {
    chunk: { byteLength: bytes.length, original: () => ({ key: null, value: bytes, headers: [] }) },
    start: 0,
    bytes,
    valueStart: 0,
    valueEnd: bytes.length,
    keyStart: -1,
    keyEnd: -1,
    offset: 0,
    timestampMs: 0,
    partition: 0,
    topic: "topic",
    ...part,
  };
}

/** The members a format makes of a value, or why it makes none. */
export function encoded(format: Format, value: Buffer): { readonly error: string | null; readonly members: unknown } {
  return encodedRecord(format, recordOf(value));
}

function encodedRecord(format: Format, record: RecordView): { readonly error: string | null; readonly members: unknown } {
  const into = new ByteWriter(1);
  const error = format.encode(record, into);
  if (error === needsSchema) throw new Error("the format needs a schema first");
  return { error, members: error === null ? parsedMembers(into.bytes.subarray(0, into.length)) : null };
}

function isMembers(text: Buffer): boolean {
  try {
    return typeof parsedMembers(text) === "object";
  } catch {
    return false;
  }
}

function parsedMembers(text: Buffer): unknown {
  return JSON.parse(
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat([Buffer.from("{"), text, Buffer.from("}")])),
  );
}

/** The seed of a random test: that of the environment to repeat a run, else a new one. */
export function seedOf(variable: string): number {
  return Number(process.env[variable] ?? Math.trunc(Math.random() * 2 ** 31));
}

/** Whole numbers below a bound, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Bytes that mean something to one format or another. */
const telling = Buffer.from('{}[]",:\\\n\r\t\0 \x0209.-eEu+ntfd\x7f\x80\xc3\xed\xf4\xff', "latin1");

/** A copy of `value` that was hit up to three times: bytes changed, put in, cut out, doubled, cut off, swapped. */
export function damaged(value: Buffer, random: (below: number) => number): Buffer {
  let bytes = Buffer.from(value);
  for (let hits = random(4); hits > 0; hits--) {
    const at = random(bytes.length + 1);
    const length = random(8);
    const byte = random(3) === 0 ? random(256) : telling[random(telling.length)]!;
    const hit = [
      () => Buffer.concat([bytes.subarray(0, at), Buffer.from([byte]), bytes.subarray(at)]),
      () => Buffer.concat([bytes.subarray(0, at), Buffer.from([byte]), bytes.subarray(at + 1)]),
      () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]),
      () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(at - length, 0), at), bytes.subarray(at)]),
      () => bytes.subarray(0, at),
      () => Buffer.concat([bytes.subarray(at), bytes.subarray(0, at)]),
    ][random(6)]!;
    bytes = Buffer.from(hit());
  }
  return bytes;
}
