import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DeadLetters, type Letter, lettersMax } from "../../runtime/component/dead-letters.ts";

/** An implementation under test. */
export interface DeadLettersSubject {
  /** Where letters go: new and empty. */
  place(): Promise<DeadLettersPlace>;
}

/** Somewhere for letters, and another way to look at it. */
export interface DeadLettersPlace extends AsyncDisposable {
  open(): Promise<DeadLetters>;
  /** All the letters there, each as often as it is there, read by other means than the code under test. */
  letters(): Promise<readonly Letter[]>;
}

/** What every DeadLetters promises. */
export function deadLettersContract(name: string, subject: DeadLettersSubject): void {
  describe(`${name} keeps the contract of dead letters:`, () => {
    let place: DeadLettersPlace;
    beforeAll(async () => {
      place = await subject.place();
    });
    afterAll(() => place[Symbol.asyncDispose]());

    /** What is there after this is written and the process is gone without a good-bye. */
    const afterWriting = async (...writes: readonly (readonly Letter[])[]): Promise<readonly Letter[]> => {
      const opened = await place.open();
      try {
        for (const letters of writes) await opened.write(letters);
        const topics = new Set(writes.flat().map(({ topic }) => topic));
        return (await place.letters()).filter(({ topic }) => topics.has(topic));
      } finally {
        await opened[Symbol.asyncDispose]();
      }
    };

    test("a letter is there with every byte once the write resolves", async () => {
      const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      const letter = letterOf("bytes", 7, {
        key: every,
        value: Buffer.concat([every, Buffer.from("\n\r\u2028")]),
        headers: [
          { name: "trace", value: every },
          { name: "trace", value: null },
          { name: "ünïcode \u2028\n", value: Buffer.alloc(0) },
        ],
      });
      expect(await afterWriting([letter])).toEqual([letter]);
    });

    test("a null key and a null value stay what they are, and empty ones too", async () => {
      const letters = [
        letterOf("nulls", 1, { key: null, value: null }),
        letterOf("nulls", 2, { key: Buffer.alloc(0), value: Buffer.alloc(0) }),
        letterOf("nulls", 3, { key: null, value: Buffer.from("x"), headers: [] }),
      ];
      expect(byOffset(await afterWriting(letters))).toEqual(letters);
    });

    test("position, time, error, pipeline and schema version come along", async () => {
      const letter = letterOf("fields", 2 ** 52, {
        partition: 4_000_000,
        timestampMs: -1,
        error: 'amount: is not a "DECIMAL(18,2)"\nand more \u2028 é',
        pipeline: "shop/orders.by-day",
        schemaVersion: "0123456789ab",
      });
      expect(await afterWriting([letter])).toEqual([letter]);
    });

    test("a letter that is written again is known by its record's position", async () => {
      const letters = [letterOf("again", 1), letterOf("again", 2)];
      const found = await afterWriting(letters, letters, [letters[1]!, letterOf("again", 3)]);
      const origins = new Set(found.map(({ topic, partition, offset }) => `${topic}/${partition}/${offset}`));
      expect([...origins].toSorted()).toEqual(["again/0/1", "again/0/2", "again/0/3"]);
    });

    test("letters of many topics and partitions go in one write, as many as there may be", async () => {
      const letters = Array.from({ length: lettersMax }, (_, index) =>
        letterOf(`many-${index % 3}`, index, { partition: index % 7 }),
      );
      expect(byOffset(await afterWriting(letters))).toEqual(letters);
    });

    test("a write of nothing is nothing", async () => {
      expect(await afterWriting([])).toEqual([]);
    });

    test("what was written is there for who opens it next", async () => {
      const letter = letterOf("next", 1);
      await afterWriting([letter]);
      expect(await afterWriting([letterOf("next", 2)])).toHaveLength(2);
    });
  });
}

/** A letter about a record of `topic`. */
export function letterOf(topic: string, offset: number, part: Partial<Letter> = {}): Letter {
  return {
    pipeline: "shop/orders",
    schemaVersion: "aaaabbbbcccc",
    error: "not JSON",
    topic,
    partition: 0,
    offset,
    timestampMs: 1_767_225_600_000,
    key: Buffer.from("key"),
    value: Buffer.from(`{"a":${offset}`),
    headers: [{ name: "h", value: Buffer.from("v") }],
    ...part,
  };
}

function byOffset(letters: readonly Letter[]): readonly Letter[] {
  return letters.toSorted((a, b) => a.offset - b.offset);
}
