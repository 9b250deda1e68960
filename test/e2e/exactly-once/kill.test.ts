import { join } from "node:path";
import { expect, test } from "vitest";
import { deathsText, killAgainAndAgain, type KillSubject } from "./kill.ts";
import { seedOfRun } from "./random.ts";
import { duckdbTable, filesTable } from "./table.ts";
import type { PipelineSink } from "../../../crds/kinds/pipeline.ts";
import type { TopicRow } from "./topic.ts";

const kills = 200;
const load = { everySeconds: 1, upToBytes: "1Mi", upToRows: 1000 };

/** A sink that keeps everything below the pipeline's folder. */
const local = (sink: PipelineSink, table: (directory: string) => Promise<readonly TopicRow[]>): KillSubject => ({
  open: async (directory) => ({
    sink,
    connections: {},
    secrets: {},
    table: () => table(directory),
    [Symbol.asyncDispose]: async () => {},
  }),
  effectsMax: 60,
  insideMicrosMax: 3000,
  preloaded: [],
});

const duckdb = {
  path: "small.duckdb",
  schema: "main",
  table: "small",
  mode: { append: {} },
  schemaEvolution: "none",
  load,
} as const;

const subjects: Readonly<Record<string, KillSubject>> = {
  duckdb: local({ duckdb }, (directory) => duckdbTable(join(directory, "small.duckdb"))),
  files: local({ files: { directory: "small", load } }, (directory) => filesTable(join(directory, "small"))),
};

test.concurrent.each(Object.entries(subjects))(
  `the table of the %s sink equals the topic after ${kills} kills before, inside and after each step`,
  async (name, subject) => {
    const seed = seedOfRun();
    const deaths = await killAgainAndAgain(subject, { seed, kills });
    expect(deaths.kills).toBeGreaterThanOrEqual(kills);
    process.stdout.write(`${deathsText(name, seed, deaths)}\n`);
  },
  600_000,
);
