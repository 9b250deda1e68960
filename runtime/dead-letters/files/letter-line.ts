import type { Letter } from "../../component/dead-letters.ts";
import type { Json } from "../../component/position.ts";

/** Ending of the files that hold letters. */
export const letterFileEnding = ".letters.jsonl";

/**
 * A letter as one line of JSON, with its newline; also for readers that end a line at U+2028, as Node's does. Bytes are in
 * base64; a null key or value is null, headers keep their order.
 */
export function letterLine(letter: Letter): string {
  const { pipeline, schemaVersion, topic, partition, offset, timestampMs, error } = letter;
  const key = base64(letter.key);
  const value = base64(letter.value);
  const headers = letter.headers.map((header) => [header.name, base64(header.value)]);
  const line = JSON.stringify({ pipeline, schemaVersion, topic, partition, offset, timestampMs, error, key, value, headers });
  return `${line.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029")}\n`;
}

/** The letter of a line; null where it is none. */
export function parseLetter(line: string): Letter | null {
  const read = parsed(line);
  if (typeof read !== "object" || read === null || Array.isArray(read)) return null;
  const { pipeline, schemaVersion, topic, partition, offset, timestampMs, error, key, value, headers } = read as Readonly<
    Record<string, Json>
  >;
  const texts = [pipeline, schemaVersion, topic, error].every((text) => typeof text === "string");
  const numbers = [partition, offset].every((number) => Number.isSafeInteger(number)) && Number.isFinite(timestampMs);
  if (!texts || !numbers || !isBase64(key) || !isBase64(value) || !Array.isArray(headers) || !headers.every(isHeader))
    return null;
  return {
    ...({ pipeline, schemaVersion, topic, partition, offset, timestampMs, error } as Letter),
    key: bytes(key),
    value: bytes(value),
    headers: (headers as [string, string | null][]).map((header) => ({ name: header[0], value: bytes(header[1]) })),
  };
}

function parsed(line: string): Json | undefined {
  try {
    return JSON.parse(line) as Json;
  } catch {
    return undefined;
  }
}

function isHeader(header: Json): boolean {
  return Array.isArray(header) && typeof header[0] === "string" && isBase64(header[1]);
}

function isBase64(text: Json | undefined): text is string | null {
  return text === null || typeof text === "string";
}

function base64(part: Buffer | null): string | null {
  return part === null ? null : part.toString("base64");
}

function bytes(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text, "base64");
}
