import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Batch, type BatchBounds } from "../../runtime/component/batch.ts";
import { NotConnected } from "../../runtime/component/errors.ts";
import { canonical, type Move, type Position, type Split } from "../../runtime/component/position.ts";
import { type Format, needsSchema, type RecordView } from "../../runtime/component/record.ts";
import type { Read, Source } from "../../runtime/component/source.ts";

/** A place with two streams of records, empty at first, and as many sources on it as a test wants. */
export interface SourceSubject extends AsyncDisposable {
  /** Another source, that reads from the beginning what the warehouse holds no position of, as another pod would. */
  open(format: Format): Promise<Source>;
  /** Puts records with these texts (letters and digits) at the end of a stream. A bounded source's streams are filled before it opens. */
  produce(stream: 0 | 1, texts: readonly string[]): Promise<void>;
  /** Id of the split that a stream becomes. */
  split(stream: 0 | 1): string;
  /** True: the source ends with what is there. */
  readonly bounded: boolean;
}

const texts = (count: number, prefix = "r"): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const roomy: BatchBounds = { bytesMax: 1 << 20, recordsMax: 10_000 };
const never = new AbortController().signal;

/** Takes every value as it is. */
const plainFormat: Format = {
  encode: (record, into) => {
    into.utf8(`"value":${JSON.stringify(record.bytes.toString("utf8", record.valueStart, record.valueEnd))}`);
    return null;
  },
};

/** What every Source promises. */
export function sourceContract(name: string, create: () => Promise<SourceSubject>): void {
  describe(`${name} keeps the contract of a source:`, () => {
    let subject: SourceSubject;
    const opened: Source[] = [];

    const filled = new Set<string>();
    beforeEach(async () => {
      filled.clear();
      subject = await create();
    });
    afterEach(async () => {
      for (const source of opened.splice(0)) await source[Symbol.asyncDispose]();
      await subject[Symbol.asyncDispose]();
    });

    const open = async (positions: ReadonlyMap<string, Position> = new Map(), format: Format = plainFormat): Promise<Source> => {
      const source = await subject.open(format);
      opened.push(source);
      let splits = await source.splits(never);
      // Others decide what is ours, and may take their time.
      while (![...filled].every((id) => splits.some((split) => split.id === id))) {
        await source.read(new Batch([], roomy), never);
        splits = await source.splits(never);
      }
      for (const split of splits) await source.open(split, positions.get(split.id) ?? null);
      return source;
    };
    const produce = async (which: 0 | 1, values: readonly string[]): Promise<void> => {
      filled.add(subject.split(which));
      await subject.produce(which, values);
    };
    const stream = (which: 0 | 1, reading: Reading) => reading.texts.get(subject.split(which)) ?? [];

    test("every record comes once, those of a split in order", async () => {
      await produce(0, texts(500, "a"));
      await produce(1, texts(300, "b"));
      const reading = await readAll(await open(), 800);
      expect(stream(0, reading)).toEqual(texts(500, "a"));
      expect(stream(1, reading)).toEqual(texts(300, "b"));
    });

    test("one batch's moves meet the next one's, and the first begin where nothing is stored", async () => {
      await produce(0, texts(40));
      const { moves } = await readAll(await open(), 40, { ...roomy, recordsMax: 7 });
      const own = moves.flat().filter(({ split }) => split === subject.split(0));
      expect(own[0]!.from).toBeNull();
      expect(own.slice(1).map(({ from }) => canonical(from!))).toEqual(own.slice(0, -1).map(({ to }) => canonical(to)));
      expect(new Set(own.map(({ to }) => canonical(to))).size).toBe(own.length);
    });

    test("a full batch takes no more, and the next one goes on behind it", async () => {
      await produce(0, texts(10));
      const source = await open();
      const first = await readAll(source, 3, { ...roomy, recordsMax: 3 });
      expect(stream(0, first)).toEqual(texts(10).slice(0, 3));
      expect(stream(0, await readAll(source, 7))).toEqual(texts(10).slice(3));
    });

    test("a batch is full by bytes, too", async () => {
      await produce(0, texts(100, "0123456789"));
      const batch = new Batch([], { bytesMax: 100, recordsMax: 1000 });
      await readSome(await open(), batch);
      expect(batch.count).toBeGreaterThan(0);
      expect(batch.count).toBeLessThanOrEqual(10);
    });

    test("opened where any batch ended, another source gives exactly the rest", async () => {
      await produce(0, texts(30, "a"));
      await produce(1, texts(30, "b"));
      const first = await open();
      const positions = new Map<string, Position>();
      const seen: string[] = [];
      for (let batches = 0; batches < 3; batches++) {
        const part = await readAll(first, 7, { ...roomy, recordsMax: 7 });
        seen.push(...[...part.texts.values()].flat());
        for (const { split, to } of part.moves.flat()) positions.set(split, to);
      }
      const rest = await readAll(await open(positions), 60 - seen.length);
      expect([...seen, ...[...rest.texts.values()].flat()].toSorted()).toEqual([...texts(30, "a"), ...texts(30, "b")].toSorted());
      const from = rest.moves.flat().find(({ split }) => positions.has(split));
      expect(canonical(from!.from!)).toBe(canonical(positions.get(from!.split)!));
    });

    test("opening a split again moves it there", async () => {
      await produce(0, texts(20));
      const source = await open();
      await readAll(source, 20);
      await source.open(await splitOf(source, subject.split(0)), null);
      expect(stream(0, await readAll(source, 20))).toEqual(texts(20));
    });

    test("a released split is read no more, the others are", async () => {
      await produce(0, texts(50, "a"));
      await produce(1, texts(50, "b"));
      const source = await open();
      await readAll(source, 5, { ...roomy, recordsMax: 5 });
      source.release(subject.split(0));
      source.release("no such split");
      const before = source.progress().map(({ split }) => split);
      expect(before).not.toContain(subject.split(0));
      const reading = await readAll(source, null);
      expect(stream(0, reading)).toEqual([]);
      expect(stream(1, reading).at(-1)).toBe("b49");
    });

    test("an aborted signal leaves the batch as before", async () => {
      await produce(0, texts(5));
      const source = await open();
      const batch = new Batch([], roomy);
      expect(await source.read(batch, AbortSignal.abort())).toEqual({ kind: "interrupted" });
      expect([batch.count, batch.empty, batch.length]).toEqual([0, true, 0]);
      expect(stream(0, await readAll(source, 5))).toEqual(texts(5));
    });

    test("progress tells of the open splits, and that they are at their ends", async () => {
      await produce(0, texts(25));
      const source = await open();
      expect(source.progress().map(({ split }) => split)).toContain(subject.split(0));
      await readAll(source, null);
      const progress = source.progress().find(({ split }) => split === subject.split(0))!;
      expect(progress.at).toBe(progress.end);
      expect(progress.timestampMs).toBeGreaterThan(0);
    });

    test("what happens after the end is told: it ended, or it waits for more", async () => {
      await produce(0, texts(5));
      const source = await open();
      await readAll(source, 5);
      if (subject.bounded) {
        await readAll(source, null);
        for (let times = 0; times < 2; times++) expect(await source.read(new Batch([], roomy), never)).toEqual({ kind: "ended" });
        return;
      }
      const stopping = new AbortController();
      const waiting = source.read(new Batch([], roomy), stopping.signal);
      stopping.abort();
      expect(await waiting).toEqual({ kind: "interrupted" });
      await produce(0, texts(5, "later"));
      expect(stream(0, await readAll(source, 5))).toEqual(texts(5, "later"));
    });

    test("a record whose schema has to be fetched is tried again, also after the fetching failed", async () => {
      await produce(0, texts(12));
      const fetched = new Set<string>();
      let attempts = 0;
      const textOf = ({ bytes, valueStart, valueEnd }: RecordView) => bytes.toString("utf8", valueStart, valueEnd);
      const format: Format = {
        encode: (record, into) => {
          const wanting = ["r3", "r4", "r11"].includes(textOf(record)) && !fetched.has(textOf(record));
          return wanting ? needsSchema : plainFormat.encode(record, into);
        },
        prepare: async (record) => {
          if (++attempts === 2 || attempts === 3) throw new NotConnected("registry: away");
          fetched.add(textOf(record));
        },
      };
      const source = await open(new Map(), format);
      const batch = new Batch([], roomy);
      let failures = 0;
      while (batch.count < 12) {
        await source.read(batch, never).catch((error: unknown) => {
          expect(error).toBeInstanceOf(NotConnected);
          failures++;
        });
      }
      expect(failures).toBeGreaterThan(0);
      expect(textsOf(batch)).toEqual(texts(12));
    });

    test("a record that still waits for its schema lies behind the moves", async () => {
      await produce(0, texts(12));
      const waits = (record: RecordView) => record.bytes.toString("utf8", record.valueStart, record.valueEnd) === "r5";
      const source = await open(new Map(), {
        encode: (record, into) => (waits(record) ? needsSchema : plainFormat.encode(record, into)),
        prepare: async () => Promise.reject(new NotConnected("registry: away")),
      });
      const batch = new Batch([], roomy);
      while (
        await source.read(batch, never).then(
          () => true,
          () => false,
        )
      );
      expect(textsOf(batch)).toEqual(texts(5));
      const rest = await open(new Map(batch.moves.map(({ split, to }) => [split, to])));
      expect(stream(0, await readAll(rest, 7))).toEqual(texts(12).slice(5));
    });

    test("loaded never fails", async () => {
      await produce(0, texts(5));
      const source = await open();
      const { moves } = await readAll(source, 5);
      source.loaded(moves.flat());
      source.loaded([]);
    });
  });
}

/** What was read: texts by split, and the moves of each batch. */
export interface Reading {
  readonly texts: ReadonlyMap<string, readonly string[]>;
  readonly moves: readonly (readonly Move[])[];
}

/** Reads batches until `count` records came; null: until every open split is at its end. Assignments are taken as they are. */
export async function readAll(source: Source, count: number | null, bounds: BatchBounds = roomy): Promise<Reading> {
  const texts = new Map<string, string[]>();
  const moves: (readonly Move[])[] = [];
  const enough = () =>
    count === null
      ? source.progress().every(({ at, end }) => end !== null && at >= end)
      : [...texts.values()].flat().length >= count;
  let ended = false;
  while (!enough() && !ended) {
    const batch = new Batch([], bounds);
    // What tells the end brings no records: look again after a while.
    ended = (await readSome(source, batch, count === null ? AbortSignal.timeout(100) : never)).kind === "ended";
    for (let ordinal = 0; ordinal < batch.count; ordinal++) {
      const { topic, partition } = batch.origin(ordinal);
      const split = batch.moves.find((move) => move.split === topic || move.split === `${topic}/${partition}`)!.split;
      const list = texts.get(split) ?? [];
      list.push(batch.original(ordinal).value!.toString("utf8"));
      texts.set(split, list);
    }
    moves.push(batch.moves);
  }
  return { texts, moves };
}

/**
 * Opens the source's splits where they stand, or from the beginning, as soon as it has any: a group's coordinator may not have heard yet
 * of a topic that was made just now, and then the first assignment is empty.
 */
export async function opened(source: Source, positions: ReadonlyMap<string, Position> = new Map()): Promise<Source> {
  for (;;) {
    for (const split of await source.splits(never)) await source.open(split, positions.get(split.id) ?? null);
    if (source.progress().length > 0) return source;
    await source.read(new Batch([], roomy), never);
  }
}

/** Reads once, and once more where only first positions came; where the source has to be asked for its splits again, opens what is new from the beginning and reads on. */
export async function readSome(source: Source, batch: Batch, signal: AbortSignal = never): Promise<Read> {
  for (;;) {
    const read = await source.read(batch, signal);
    if (read.kind === "positioned") continue;
    if (read.kind !== "assignment") return read;
    const open = new Set(source.progress().map(({ split }) => split));
    for (const split of await source.splits(never)) if (!open.has(split.id)) await source.open(split, null);
  }
}

/** Texts of a batch's records, in order. */
export function textsOf(batch: Batch): readonly string[] {
  return Array.from({ length: batch.count }, (_, ordinal) => batch.original(ordinal).value?.toString("utf8") ?? "");
}

async function splitOf(source: Source, id: string): Promise<Split> {
  return (await source.splits(never)).find((split) => split.id === id)!;
}
