// npm run bench [-- --records 2000000 --runs 3 --only snowline --target Parquet]: CPU and memory of the same work done by
// Snowline, by what a TypeScript developer would write, and by Redpanda Connect; on one broker, in turn, outputs compared.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startBroker } from "../kafka/broker.ts";
import { type Contestant, contestants } from "./contestants.ts";
import { measure } from "./measured-process.ts";
import { partitions, produceOrders } from "./order-events.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { type Measured, resultTable } from "./result-table.ts";
import { openSnowflakePlace } from "./snowflake-place.ts";

const topic = "orders";
/** No contestant needs a tenth of it for the default number of records. */
const timeoutMs = 600_000;
const firstRowPollMs = 10;
const say = (line: string): void => console.log(line);

async function runOnce(contestant: Contestant, bootstrap: string, run: number): Promise<Omit<Measured, "contestant">> {
  const directory = await mkdtemp(join(tmpdir(), "snowline-bench-"));
  try {
    await using snowflake = await openSnowflakePlace();
    const group = `bench-${process.pid}-${run}-${Date.now()}`;
    const command = await contestant.command({ bootstrap, topic, group, directory, snowflake });
    let firstRowSeconds: number | undefined;
    let watch: NodeJS.Timeout | undefined;
    const onStart = (): void => {
      const began = performance.now();
      watch = setInterval(() => {
        if (contestant.hasRows?.(directory) !== true) return;
        firstRowSeconds = (performance.now() - began) / 1000;
        clearInterval(watch);
      }, firstRowPollMs);
    };
    try {
      const usage = await measure({ command, directory, timeoutMs, onStart });
      const wallSeconds = usage.wallSeconds - contestant.idleSeconds;
      const outcome = await outcomeOf(contestant, directory, snowflake);
      return { ...usage, wallSeconds, firstRowSeconds, outcome, warehouse: snowflake.usage() };
    } finally {
      clearInterval(watch);
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What a warehouse of Snowflake did for a run; nothing where it did nothing. */
function warehouseText({ statements, secondsBilled }: Measured["warehouse"]): string {
  return statements === 0 ? "" : `; ${statements} statements of a warehouse, ${secondsBilled.toFixed(0)} s billed`;
}

/** Throws if someone did not do the same work as the others. */
function compare(measured: readonly Measured[]): Outcome {
  const [first, ...rest] = measured;
  if (first === undefined) throw new Error("bench: nobody takes part; see --only and --target");
  for (const { contestant, outcome } of rest) {
    if (JSON.stringify(outcome) !== JSON.stringify(first.outcome))
      throw new Error(
        `${contestant.name} (${contestant.target}): got ${JSON.stringify(outcome)}, but ` +
          `${first.contestant.name} (${first.contestant.target}) got ${JSON.stringify(first.outcome)}`,
      );
  }
  return first.outcome;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      records: { type: "string", default: "2000000" },
      runs: { type: "string", default: "3" },
      only: { type: "string", default: "" },
      target: { type: "string", default: "" },
    },
  });
  const records = Number(values.records);
  const taking = contestants.filter(({ name, target }) => name.includes(values.only) && target.includes(values.target));
  for (const contestant of taking) await contestant.prepare?.(say);
  await using broker = await startBroker({ say });
  say(`producing ${records} order events into ${partitions} partitions`);
  const bytes = await produceOrders(broker.bootstrap, topic, records);
  const measured: Measured[] = [];
  for (let run = 1; run <= Number(values.runs); run += 1) {
    for (const contestant of taking) {
      const result = await runOnce(contestant, broker.bootstrap, run);
      measured.push({ contestant, ...result });
      say(
        `run ${run}: ${contestant.name} -> ${contestant.target}: ${result.cpuSeconds.toFixed(1)} CPU-s, ${result.wallSeconds.toFixed(1)} s${warehouseText(result.warehouse)}`,
      );
    }
  }
  const outcome = compare(measured);
  say(
    `\n${records} records of ${bytes.toFixed(0)} bytes; the same ${outcome.rows} rows (sum ${outcome.amount}, checksum ${outcome.checksum}) from all`,
  );
  say(resultTable(measured, records));
}

await main();
