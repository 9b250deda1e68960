import { join } from "node:path";
import { expect, test } from "vitest";
import { killAgainAndAgain, type KillSubject } from "./kill.ts";
import { seedOfRun } from "./random.ts";
import { duckdbTable, filesTable } from "./table.ts";

const kills = 200;

const subjects: Readonly<Record<string, KillSubject>> = {
  duckdb: {
    sink: (load) => ({
      duckdb: { path: "small.duckdb", schema: "main", table: "small", mode: { append: {} }, schemaEvolution: "none", load },
    }),
    table: (directory) => duckdbTable(join(directory, "small.duckdb")),
  },
  files: {
    sink: (load) => ({ files: { directory: "small", load } }),
    table: (directory) => filesTable(join(directory, "small")),
  },
};

test.concurrent.each(Object.entries(subjects))(
  `the table of the %s sink equals the topic after ${kills} kills before, inside and after each step`,
  async (name, subject) => {
    const seed = seedOfRun();
    const deaths = await killAgainAndAgain(subject, { seed, kills });
    expect(deaths.kills).toBeGreaterThanOrEqual(kills);
    const steps = [...deaths.steps].toSorted(([, a], [, b]) => b - a).map(([step, count]) => `${count} ${step}`);
    process.stdout.write(`${name}: seed ${seed}: ${deaths.kills} kills in ${deaths.pipelines} pipelines: ${steps.join(", ")}\n`);
  },
  600_000,
);
