import { expect } from "vitest";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PipelineSink, PipelineSpec } from "../../../crds/kinds/pipeline.ts";
import type { Life } from "./child.ts";
import type { Failpoint } from "./failpoint.ts";
import { Lives } from "./lives.ts";
import { type Random, seeded } from "./random.ts";
import { letterValues } from "./table.ts";
import { smallColumns, smallSql, type SmallTopic, type TopicRow, writeSmallTopic } from "./topic.ts";

/** The sink under test. */
export interface KillSubject {
  /** Somewhere for one pipeline's table. */
  open(directory: string): Promise<KillPlace>;
  /** A life is killed at one of its first so many effects. */
  readonly effectsMax: number;
  /** `inside`: at most so many microseconds after the effect began. */
  readonly insideMicrosMax: number;
  /** See `Lives`. */
  readonly preloaded: readonly string[];
}

/** Where one pipeline's rows go. */
export interface KillPlace extends AsyncDisposable {
  readonly sink: PipelineSink;
  readonly connections: Life["connections"];
  readonly secrets: Life["secrets"];
  /** Its rows as others see them, in order of file and number. */
  table(): Promise<readonly TopicRow[]>;
}

/** Deaths after which a pipeline must have come to its end: each life gets at least a little further on average. */
const livesMax = 200;

/** What happened, for the reader of the test's output. */
export interface Deaths {
  readonly kills: number;
  readonly pipelines: number;
  /** How often each step was the last one: `after effect: COMMIT in write`. */
  readonly steps: ReadonlyMap<string, number>;
}

/** Runs small pipelines, each killed again and again until it is through, until there were `kills` kills. Each table must equal its topic. */
export async function killAgainAndAgain(
  subject: KillSubject,
  { seed, kills }: { readonly seed: number; readonly kills: number },
): Promise<Deaths> {
  const random = seeded(seed);
  await using lives = new Lives(subject.preloaded);
  const steps = new Map<string, number>();
  let killed = 0;
  let pipelines = 0;
  while (killed < kills) {
    const directory = await mkdtemp(join(tmpdir(), "snowline-kill-"));
    try {
      killed += await onePipeline({ subject, directory, random, lives, steps });
      pipelines++;
    } catch (error) {
      throw new Error(`seed ${seed}, pipeline ${pipelines}: replay with SNOWLINE_SEED=${seed}`, { cause: error });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
  return { kills: killed, pipelines, steps };
}

/** The deaths in a line. */
export function deathsText(name: string, seed: number, { kills, pipelines, steps }: Deaths): string {
  const counts = [...steps].toSorted(([, a], [, b]) => b - a).map(([step, count]) => `${count} ${step}`);
  return `${name}: seed ${seed}: ${kills} kills in ${pipelines} pipelines: ${counts.join(", ")}`;
}

interface OnePipeline {
  readonly subject: KillSubject;
  readonly directory: string;
  readonly random: Random;
  readonly lives: Lives;
  readonly steps: Map<string, number>;
}

async function onePipeline({ subject, directory, random, lives, steps }: OnePipeline): Promise<number> {
  const topic = await writeSmallTopic(join(directory, "topic"), {
    files: random.integer(1, 4),
    recordsPerFile: random.integer(10, 60),
  });
  const recordsMax = random.integer(3, 25);
  await using place = await subject.open(directory);
  const life = {
    spec: smallSpec(place.sink),
    connections: place.connections,
    secrets: place.secrets,
    directory,
    scratchDirectory: join(directory, "scratch"),
    until: "stopped" as const,
    batch: { everyMs: 1000, recordsMax },
  };
  for (let kills = 0; kills < livesMax; kills++) {
    const running = await lives.begin({ ...life, failpoint: failpointOf(subject, random) });
    const { killed, endedBy, message, output } = await running.death;
    const table = await place.table();
    if (!killed) {
      expect([endedBy, message]).toEqual(["ended", null]);
      expect(table).toEqual(topic.rows);
      expect([...(await letterValues(join(directory, "letters")))].toSorted()).toEqual(topic.rejected.toSorted());
      return kills;
    }
    const step = /^(\w+) effect \d+: (.*)$/m.exec(output);
    const name = `${step?.[1]} ${step?.[2]}`;
    steps.set(name, (steps.get(name) ?? 0) + 1);
    expect(table, `after kill ${kills}, ${name}`).toEqual(beginnings(topic, table));
  }
  throw new Error(`the pipeline did not come to its end in ${livesMax} lives`);
}

/** Of each file's rows as many as `table` has of it: what any consistent table looks like, for a file is read in order. */
function beginnings({ files, rows }: SmallTopic, table: readonly TopicRow[]): readonly TopicRow[] {
  return files.flatMap((file) => {
    const count = table.filter((row) => row.file === file).length;
    return rows.filter((row) => row.file === file).slice(0, count);
  });
}

function failpointOf({ effectsMax, insideMicrosMax }: KillSubject, random: Random): Failpoint {
  return {
    effect: random.integer(1, effectsMax),
    when: random.pick(["before", "inside", "after"]),
    insideMicros: random.integer(0, insideMicrosMax),
    signal: "SIGKILL",
  };
}

function smallSpec(sink: PipelineSink): PipelineSpec {
  return {
    source: { files: { paths: ["topic/*.jsonl"], format: { json: { columns: smallColumns } } } },
    transform: { sql: smallSql },
    sink,
    deadLetter: { files: { directory: "letters" } },
  };
}
