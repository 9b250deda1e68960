import { type ScalingMemory, startMemory } from "./scaling-memory.ts";
import { samplesMax } from "./capacity.ts";
import { type Block, stepsMax, type StepTaken } from "./steps-taken.ts";

/** Of another form than this number says, a text counts as unreadable. */
const version = 1;
/** Characters of a text at most: `memory` of the scaling status. */
export const storedCharsMax = 2048;
/** Digits of a number that are kept. */
const digits = 6;

/** What has to outlast an operator, as a text of at most 2,048 characters: what was measured and what came of steps, not what is seen within minutes again. */
export function storedMemory(memory: ScalingMemory): string {
  const { capacity, steps, block } = memory;
  const short = (number: number): number => Number(number.toPrecision(digits));
  return JSON.stringify({
    v: version,
    capacity: {
      work: capacity.work.map(short),
      wait: capacity.wait.map(short),
      idle: capacity.idle.map(short),
      atMs: capacity.atMs,
    },
    rebalanceSeconds: memory.rebalanceSeconds === null ? null : short(memory.rebalanceSeconds),
    startSeconds: memory.startSeconds === null ? null : short(memory.startSeconds),
    replicas: memory.replicas,
    steps: steps.map(({ atMs, from, to }) => [atMs, from, to]),
    block: block === null ? null : { ...block, recordsPerSecond: short(block.recordsPerSecond) },
    unread: memory.unread,
  });
}

/** What `storedMemory` wrote, so far as it is kept; anything else is the memory that knows nothing. Whoever may write the status may write anything. */
export function memoryFrom(text: string | undefined): ScalingMemory {
  const stored = fields(parsed(text));
  if (stored["v"] !== version) return startMemory;
  const capacity = fields(stored["capacity"]);
  const replicas = amount(stored["replicas"]);
  return {
    ...startMemory,
    capacity: {
      work: amounts(capacity["work"]),
      wait: amounts(capacity["wait"]),
      idle: amounts(capacity["idle"]),
      atMs: amount(capacity["atMs"]) ?? 0,
    },
    rebalanceSeconds: amount(stored["rebalanceSeconds"]),
    startSeconds: amount(stored["startSeconds"]),
    replicas: replicas === null ? null : Math.floor(replicas),
    steps: stepsOf(stored["steps"]),
    block: blockOf(fields(stored["block"])),
    unread: stored["unread"] === true,
  };
}

type Fields = Readonly<Record<string, unknown>>;
const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const listed = (value: unknown, lengthMax: number): readonly unknown[] => (Array.isArray(value) ? value.slice(-lengthMax) : []);
const amount = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
const amounts = (value: unknown): readonly number[] =>
  listed(value, samplesMax).flatMap((one) => {
    const known = amount(one);
    return known === null || known === 0 ? [] : [known];
  });

function stepsOf(value: unknown): readonly StepTaken[] {
  return listed(value, stepsMax).flatMap((one) => {
    const [atMs, from, to] = listed(one, 3).map(amount);
    return typeof atMs === "number" && typeof from === "number" && typeof to === "number" ? [{ atMs, from, to }] : [];
  });
}

function blockOf(value: Fields): Block | null {
  const kind = value["kind"] === "SinkLimited" || value["kind"] === "Ineffective" ? value["kind"] : null;
  const [from, to] = [amount(value["from"]), amount(value["to"])];
  const [recordsPerSecond, untilMs] = [amount(value["recordsPerSecond"]), amount(value["untilMs"])];
  if (kind === null || from === null || to === null || recordsPerSecond === null || untilMs === null) return null;
  return { kind, from, to, recordsPerSecond, untilMs };
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined || text.length > storedCharsMax ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
