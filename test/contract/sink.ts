import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Position } from "../../runtime/component/position.ts";
import type { Sink } from "../../runtime/component/sink.ts";
import type { Column } from "../../transform/column.ts";
import type { Rows } from "../../transform/rows.ts";

/** A row of the suite's table. */
export interface Row {
  readonly id: number;
  readonly text: string | null;
}
/** Columns of the suite's table. */
export const rowColumns: readonly Column[] = [
  { name: "id", type: "BIGINT" },
  { name: "text", type: "VARCHAR" },
];

/** One store, empty at first, with as many sinks of one pipeline on it as a test wants. */
export interface SinkSubject extends AsyncDisposable {
  /** Another sink on the store, as another engine would open it. */
  open(): Promise<Sink>;
  /**
   * A file of these rows. `splits`, for a sink that is atomic per split: of each row the index of its split in the moves; without it
   * all are the first one's. A row's record is its index.
   */
  rows(rows: readonly Row[], splits?: readonly number[]): Promise<Rows>;
  /** The rows that anybody else can see, in any order. */
  table(): Promise<readonly Row[]>;
}

const at = (offset: number): Position => ({ offset });
const row = (id: number): Row => ({ id, text: `row ${id}` });

/** What every Sink promises. */
export function sinkContract(name: string, create: () => Promise<SinkSubject>): void {
  describe(`${name} keeps the contract of a sink:`, () => {
    let subject: SinkSubject;
    const opened: Sink[] = [];

    beforeEach(async () => {
      subject = await create();
    });
    afterEach(async () => {
      for (const sink of opened.splice(0)) await sink[Symbol.asyncDispose]();
      await subject[Symbol.asyncDispose]();
    });

    const open = async (...splits: readonly string[]): Promise<Sink> => {
      const sink = await subject.open();
      opened.push(sink);
      await sink.prepare(rowColumns);
      await sink.restore(splits);
      return sink;
    };
    const ids = async (): Promise<readonly number[]> => (await subject.table()).map(({ id }) => id).toSorted((a, b) => a - b);
    const positions = async (...splits: readonly string[]) => Object.fromEntries(await (await open()).restore(splits));

    test("prepare says that it takes the columns", async () => {
      const sink = await subject.open();
      opened.push(sink);
      // A sink may say more: limits of its columns.
      expect(await sink.prepare(rowColumns)).toMatchObject(rowColumns.map((column) => ({ ...column, nullable: true })));
    });

    test("splits it has never seen have no position", async () => {
      const sink = await open();
      expect(await sink.restore(["a/0", "a/1"])).toEqual(new Map());
      expect(await sink.restore([])).toEqual(new Map());
      expect(await sink.restore(["a/0"])).toEqual(new Map());
    });

    test("rows and positions become visible together, and the next owner goes on from there", async () => {
      const first = await open("a");
      expect(
        await first.write(await subject.rows([row(1), { id: 2, text: null }]), [{ split: "a", from: null, to: at(2) }]),
      ).toEqual({ kind: "written" });
      expect((await subject.table()).toSorted((a, b) => a.id - b.id)).toEqual([row(1), { id: 2, text: null }]);
      await first[Symbol.asyncDispose]();
      const second = await open();
      expect(await second.restore(["a", "b"])).toEqual(new Map([["a", at(2)]]));
      expect(await second.write(await subject.rows([row(3)]), [{ split: "a", from: at(2), to: at(3) }])).toEqual({
        kind: "written",
      });
      expect(await ids()).toEqual([1, 2, 3]);
    });

    test("several splits move in one write, with rows or without", async () => {
      const sink = await open("a", "b", "c");
      const moves = ["a", "b"].map((split) => ({ split, from: null, to: at(1) }));
      expect(await sink.write(await subject.rows([row(1), row(2)], [0, 1]), moves)).toEqual({ kind: "written" });
      const next = ["a", "b"].map((split) => ({ split, from: at(1), to: at(9) }));
      expect(await sink.write(null, [...next, { split: "c", from: null, to: at(5) }])).toEqual({ kind: "written" });
      expect(await ids()).toEqual([1, 2]);
      expect(await positions("a", "b", "c")).toEqual({ a: at(9), b: at(9), c: at(5) });
    });

    test("one wrong `from` of several: only that split is named, and the others are written whole or not at all", async () => {
      const sink = await open("a", "b", "c");
      await sink.write(await subject.rows([row(1)]), [{ split: "b", from: null, to: at(1) }]);
      const moves = [
        { split: "a", from: null, to: at(7) },
        { split: "b", from: at(2), to: at(7) },
        { split: "c", from: null, to: at(7) },
      ];
      const rows = [row(2), row(3), row(4)];
      expect(await sink.write(await subject.rows(rows, [0, 1, 2]), moves)).toEqual({ kind: "conflict", splits: ["b"] });
      const stand = await sink.restore(["a", "b", "c"]);
      const moved = (split: string): boolean => stand.has(split) && split !== "b";
      expect(stand.get("b")).toEqual(at(1));
      if (sink.atomic !== "split") expect(stand.size).toBe(1);
      for (const split of ["a", "c"]) if (moved(split)) expect(stand.get(split)).toEqual(at(7));
      expect(await ids()).toEqual([1, ...(moved("a") ? [2] : []), ...(moved("c") ? [4] : [])]);
      const right = moves
        .map(({ split, to }) => ({ split, from: stand.get(split) ?? null, to }))
        .filter(({ split }) => !moved(split));
      const left = rows.filter((_, index) => !moved(moves[index]!.split));
      expect(await sink.write(await subject.rows(left, [...right.keys()]), right)).toEqual({ kind: "written" });
      expect(await ids()).toEqual([1, 2, 3, 4]);
    });

    test("`from` null holds only where there is no position, and a position only where it is stored", async () => {
      const sink = await open("a", "b");
      await sink.write(null, [{ split: "a", from: null, to: at(1) }]);
      expect(await sink.write(await subject.rows([row(1)]), [{ split: "a", from: null, to: at(2) }])).toEqual({
        kind: "conflict",
        splits: ["a"],
      });
      expect(await sink.write(await subject.rows([row(1)]), [{ split: "b", from: at(0), to: at(2) }])).toEqual({
        kind: "conflict",
        splits: ["b"],
      });
      expect(await ids()).toEqual([]);
    });

    test("a split that was not restored is not ours to move", async () => {
      const sink = await open("a");
      expect(await sink.write(await subject.rows([row(1)]), [{ split: "b", from: null, to: at(1) }])).toEqual({
        kind: "conflict",
        splits: ["b"],
      });
      expect(await ids()).toEqual([]);
    });

    test("who was taken over from writes nothing more, and keeps what was not taken", async () => {
      const zombie = await open("a", "b");
      await zombie.write(await subject.rows([row(1)]), [{ split: "a", from: null, to: at(1) }]);
      const heir = await open();
      expect(await heir.restore(["a"])).toEqual(new Map([["a", at(1)]]));
      expect(await zombie.write(await subject.rows([row(2)]), [{ split: "a", from: at(1), to: at(2) }])).toEqual({
        kind: "conflict",
        splits: ["a"],
      });
      expect(await ids()).toEqual([1]);
      const both = [
        { split: "a", from: at(1), to: at(2) },
        { split: "b", from: null, to: at(2) },
      ];
      expect(await zombie.write(await subject.rows([row(2), row(3)], [0, 1]), both)).toEqual({ kind: "conflict", splits: ["a"] });
      expect(await heir.write(await subject.rows([row(2)]), [both[0]!])).toEqual({ kind: "written" });
      const kept = (await zombie.restore(["b"])).get("b") ?? null;
      expect(kept).toEqual(zombie.atomic === "split" && kept !== null ? at(2) : null);
      if (kept === null) expect(await zombie.write(await subject.rows([row(3)]), [both[1]!])).toEqual({ kind: "written" });
      expect(await ids()).toEqual([1, 2, 3]);
      expect(await zombie.restore(["a"])).toEqual(new Map([["a", at(2)]]));
      expect(await zombie.write(await subject.rows([row(4)]), [{ split: "a", from: at(2), to: at(4) }])).toEqual({
        kind: "written",
      });
      expect(await heir.write(await subject.rows([row(5)]), [{ split: "a", from: at(2), to: at(4) }])).toEqual({
        kind: "conflict",
        splits: ["a"],
      });
      expect(await ids()).toEqual([1, 2, 3, 4]);
    });

    test("a write repeated because its answer was lost is answered `written` and loads nothing twice", async () => {
      const sink = await open("a", "b");
      const moves = ["a", "b"].map((split) => ({ split, from: null, to: at(1) }));
      await sink.write(await subject.rows([row(1)], [1]), moves);
      expect(await sink.write(await subject.rows([row(1)], [1]), moves)).toEqual({ kind: "written" });
      expect(await ids()).toEqual([1]);
    });

    test("a write repeated after a takeover is a conflict", async () => {
      const zombie = await open("a");
      const moves = [{ split: "a", from: null, to: at(1) }];
      await zombie.write(await subject.rows([row(1)]), moves);
      await open("a");
      expect(await zombie.write(await subject.rows([row(1)]), moves)).toEqual({ kind: "conflict", splits: ["a"] });
      expect(await ids()).toEqual([1]);
    });

    test("a position is the same whatever the order of its members, and comes back with every character", async () => {
      const split = `päth/"quoted" 'x' \\ $1 \u{1f9ca}.csv`;
      const sink = await open(split);
      const position = {
        offset: 1,
        topic: `é"'\\\n\u0001`,
        nested: { list: [1, null, { x: true, a: 0.5 }], big: 9_007_199_254_740_991 },
      };
      await sink.write(null, [{ split, from: null, to: position }]);
      expect(await sink.restore([split])).toEqual(new Map([[split, position]]));
      const { nested, topic, offset } = position;
      const other = { nested: { big: nested.big, list: [1, null, { a: 0.5, x: true }] }, topic, offset };
      expect(await sink.write(null, [{ split, from: other, to: at(2) }])).toEqual({ kind: "written" });
    });

    test("as many splits as a pod may have move in one write", async () => {
      // What is atomic per split has something to do for each of them.
      const count = (await open()).atomic === "split" ? 300 : 3000;
      const splits = Array.from({ length: count }, (_, index) => `topic-${index % 7}/${index}`);
      const wrong = count / 2 + 34;
      const sink = await open(...splits);
      expect(
        await sink.write(
          await subject.rows([row(1)]),
          splits.map((split) => ({ split, from: null, to: at(1) })),
        ),
      ).toEqual({ kind: "written" });
      const moves = splits.map((split, index) => ({ split, from: at(index === wrong ? 0 : 1), to: at(2) }));
      expect(await sink.write(await subject.rows([row(2)], [wrong]), moves)).toEqual({
        kind: "conflict",
        splits: [splits[wrong]],
      });
      const stand = await sink.restore(splits);
      expect(stand.get(splits[wrong]!)).toEqual(at(1));
      if (sink.atomic !== "split") expect(stand).toEqual(new Map(splits.map((split) => [split, at(1)])));
      expect(await ids()).toEqual([1]);
    });

    test("owners of different splits write at the same time and nobody loses anything", async () => {
      const owners = await Promise.all(["a", "b", "c"].map(async (split) => ({ split, sink: await open(split) })));
      const rounds = 8;
      const batches = new Map<string, Rows>();
      for (const [index, { split }] of owners.entries()) {
        for (let round = 0; round < rounds; round++)
          batches.set(`${split}${round}`, await subject.rows([row(index * 100 + round)]));
      }
      await Promise.all(
        owners.map(async ({ split, sink }) => {
          for (let round = 0; round < rounds; round++) {
            const moves = [{ split, from: round === 0 ? null : at(round), to: at(round + 1) }];
            expect(await sink.write(batches.get(`${split}${round}`)!, moves)).toEqual({ kind: "written" });
          }
        }),
      );
      expect(await ids()).toEqual(
        owners.flatMap((_, index) => Array.from({ length: rounds }, (_, round) => index * 100 + round)),
      );
    });

    test("two that restore the same new splits at the same time: one of them owns each", async () => {
      for (let round = 0; round < 8; round++) {
        const split = `new/${round}`;
        const rivals = [await open(), await open()];
        await Promise.all(rivals.map((rival) => rival.restore([split])));
        const rows = await subject.rows([row(round)]);
        const answers = await Promise.all(rivals.map((rival) => rival.write(rows, [{ split, from: null, to: at(1) }])));
        expect(answers.map(({ kind }) => kind).toSorted()).toEqual(["conflict", "written"]);
      }
      expect(await ids()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    });

    test("a takeover in the middle of a write: either the heir finds it done, or it is refused", async () => {
      const loaded: number[] = [];
      let position: Position | null = null;
      let owner = await open("a");
      for (let round = 0; round < 20; round++) {
        const rows = await subject.rows([row(round)]);
        const heir = await open();
        const to = at(round + 1);
        const [written, found]: [Awaited<ReturnType<Sink["write"]>>, ReadonlyMap<string, Position>] = await Promise.all([
          owner.write(rows, [{ split: "a", from: position, to }]),
          heir.restore(["a"]),
        ]);
        if (written.kind === "written") {
          loaded.push(round);
          position = to;
        }
        expect(found.get("a") ?? null).toEqual(position);
        owner = heir;
      }
      expect(await ids()).toEqual(loaded);
    });
  });
}
