import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SnowflakeSink } from "../../../../crds/connectors/snowflake.ts";
import type { ComponentContext } from "../../../../runtime/component/context.ts";
import type { Sink } from "../../../../runtime/component/sink.ts";
import { identifier } from "../../../../runtime/snowflake/identifiers.ts";
import { openSnowflakeSink } from "../../../../runtime/sinks/snowflake/snowflake-sink.ts";
import type { TestAccount } from "../../../snowflake/open-test-account.ts";
import { openRowsMaker, type RowsMaker } from "../rows-file.ts";

/** The manifest's defaults. */
const load: SnowflakeSink["load"] = { copy: { everySeconds: 30, upToBytes: "128Mi", upToRows: 2_000_000 } };

/** A table and a pipeline's name that nothing else in the account has. */
export interface Place extends AsyncDisposable {
  readonly account: TestAccount;
  readonly maker: RowsMaker;
  readonly context: ComponentContext;
  /** The table as SQL says it; nothing is there at first. */
  readonly table: string;
  /** The manifest's sink. */
  spec(changes?: Partial<SnowflakeSink>): SnowflakeSink;
  /** Another sink, as another pod would open it. Closed with the place. */
  open(changes?: Partial<SnowflakeSink>, context?: Partial<ComponentContext>): Promise<Sink>;
}

/** Opens a place in an account. Disposing of it closes its sinks; the account is its owner's to dispose of. */
export async function openPlace(account: TestAccount): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), "snowline-snowflake-sink-"));
  const maker = await openRowsMaker(directory);
  const name = `orders-${randomUUID().slice(0, 8)}`;
  const context = account.context({ namespace: "shop", name });
  const opened: Sink[] = [];
  const spec = (changes: Partial<SnowflakeSink> = {}): SnowflakeSink => ({
    connection: "warehouse",
    database: account.database,
    schema: account.schema,
    table: name.replaceAll("-", "_"),
    load,
    mode: { append: {} },
    schemaEvolution: "none",
    ...changes,
  });
  return {
    account,
    maker,
    context,
    table: `"${account.database}"."${account.schema}"."${identifier(spec().table)}"`,
    spec,
    async open(changes, others = {}) {
      const sink = await openSnowflakeSink(spec(changes), { ...context, ...others });
      opened.push(sink);
      return sink;
    },
    async [Symbol.asyncDispose]() {
      for (const sink of opened) await sink[Symbol.asyncDispose]();
      maker[Symbol.dispose]();
      await rm(directory, { recursive: true });
    },
  };
}
