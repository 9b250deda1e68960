import type { Paint } from "../text.ts";

const levels: Readonly<Record<number, readonly [string, "dim" | "blue" | "yellow" | "red"]>> = {
  20: ["debug", "dim"],
  30: ["info", "blue"],
  40: ["warn", "yellow"],
  50: ["error", "red"],
  60: ["error", "red"],
};
/** Fields of every pino line; the rest is what the event is about. */
const usual = new Set(["level", "time", "pid", "hostname", "msg", "name", "pipeline"]);

const valueText = (value: unknown): string =>
  typeof value === "string" ? (/[\s"=]/.test(value) ? JSON.stringify(value) : value) : JSON.stringify(value);

/** One JSON line of pino as a line for people: time, level, message, fields. What is no JSON stays as it is. */
export function logText(line: string, paint: Paint): string {
  let event: Readonly<Record<string, unknown>>;
  try {
    event = JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return line;
  }
  const message = typeof event["msg"] === "string" ? event["msg"] : "";
  const [level, style] = levels[Number(event["level"])] ?? ["info", "blue"];
  const time = new Date(Number(event["time"])).toISOString().slice(11, 23);
  const fields = Object.entries(event).filter(([name]) => !usual.has(name));
  const rest = fields.map(([name, value]) => `${name}=${valueText(value)}`).join(" ");
  return `${paint("dim", time)} ${paint(style, level.padEnd(5))} ${message}${rest === "" ? "" : `  ${paint("dim", rest)}`}`;
}
