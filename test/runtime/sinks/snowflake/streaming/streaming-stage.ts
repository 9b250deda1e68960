import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { NotConnected } from "../../../../../runtime/component/errors.ts";
import type { Move, Position } from "../../../../../runtime/component/position.ts";
import type { Sink } from "../../../../../runtime/component/sink.ts";
import { type SinkNames, sinkNames } from "../../../../../runtime/sinks/snowflake/sink-names.ts";
import type { Rows } from "../../../../../transform/rows.ts";
import type { ObjectName } from "../../../../../warehouse/engine/object-name.ts";
import type { FaultRule } from "../../../../../warehouse/faults.ts";
import type { RunningWarehouse } from "../../../../../warehouse/start-warehouse.ts";
import { type Row, rowColumns } from "../../../../contract/sink.ts";
import { openTestAccount, type TestAccount } from "../../../../snowflake/open-test-account.ts";
import { originValues } from "../../rows-file.ts";
import { openPlace, type Place } from "../snowflake-place.ts";
import { openStreaming, type OpenStreaming } from "./streaming-place.ts";

/** The machine may be busy. */
export const patient = { timeout: 10_000 };

/** A position, a row and a move in as few words as a test needs. */
export const at = (offset: number): Position => ({ offset });
/** A row of the suite's table. */
export const row = (id: number, text = `row ${id}`): Row => ({ id, text });
/** A move between offsets; null: from the start. */
export const move = (split: string, from: number | null, to: number): Move => ({
  split,
  from: from === null ? null : at(from),
  to: at(to),
});

/** Our server, with a place for each test and what tests do there. */
export class StreamingStage {
  readonly opened: Sink[] = [];
  #account: TestAccount | null = null;
  #place: Place | null = null;

  /** Registers the hooks of a test file. What only our server can be told to do is skipped on a real account. */
  constructor() {
    beforeAll(async () => {
      this.#account = await openTestAccount();
    });
    afterAll(() => this.account[Symbol.asyncDispose]());
    beforeEach(async (context) => {
      if (this.account.server === null) context.skip("needs delays, refusals and losses on command");
      this.#place = await openPlace(this.account);
    });
    afterEach(async () => {
      if (this.account.server === null) return;
      this.account.faults?.clear();
      this.server.account.channels.commitMs = 0;
      for (const sink of this.opened.splice(0)) await sink[Symbol.asyncDispose]();
      await this.place[Symbol.asyncDispose]();
    });
  }

  get account(): TestAccount {
    return this.#account!;
  }
  get server(): RunningWarehouse {
    return this.account.server!;
  }
  get place(): Place {
    return this.#place!;
  }
  get names(): SinkNames {
    return sinkNames(this.place.spec(), this.place.context.pipeline);
  }
  /** The table's own pipe. */
  get pipe(): ObjectName {
    const { database, schema, name } = this.names.table;
    return { database, schema, name: `${name}-STREAMING` };
  }

  async open(splits: readonly string[], options?: OpenStreaming): Promise<Sink> {
    const sink = openStreaming(this.place, options);
    this.opened.push(sink);
    await sink.prepare(rowColumns);
    await sink.restore(splits);
    return sink;
  }

  rowsOf(rows: readonly Row[], splits?: readonly number[]): Promise<Rows> {
    return this.place.maker.originRows(originValues(rows, splits), rowColumns);
  }

  /** Something goes wrong with the next append, or at `path`. */
  fault(action: FaultRule["action"], more: Omit<FaultRule, "action"> = {}): void {
    this.account.faults!.add({ action, path: "^POST /v2/streaming/data/", ...more });
  }

  /** How often the first of the faults has struck. */
  struck(): number {
    return this.account.faults!.list()[0]?.struck ?? 0;
  }

  /** Of the rows that anybody sees, in order. */
  async ids(): Promise<readonly number[]> {
    return (await this.account.query(`SELECT ID FROM ${this.place.table} ORDER BY ID`)).map((found) => Number(found["ID"]));
  }

  /** Where another owner finds the splits. */
  async stands(...splits: readonly string[]): Promise<Readonly<Record<string, Position>>> {
    return Object.fromEntries(await (await this.open([])).restore(splits));
  }

  /** Statements over the positions table that begin with this word. */
  statementsOf(word: string): number {
    const { name } = this.names.positions;
    const all = this.server.account.queryHistory.list();
    return all.filter(({ queryText }) => queryText.startsWith(word) && queryText.includes(name)).length;
  }
}

/** Writes as the engine does: again where the connection was lost. */
export async function persist(
  sink: Sink,
  rows: Rows | null,
  moves: readonly Move[],
): Promise<Awaited<ReturnType<Sink["write"]>>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await sink.write(rows, moves);
    } catch (error) {
      if (!(error instanceof NotConnected) || attempt === 5) throw error;
      await setTimeout(5);
    }
  }
}
