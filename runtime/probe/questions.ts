import type { Readable } from "node:stream";
import { type ProbeQuestion, questionBytesMax } from "./probe-message.ts";

const idCharsMax = 256;
const newline = 0x0a;

/** What a line turned out to be: a question, one that cannot be asked, or nothing that could be answered. */
export type Asked =
  | { readonly kind: "question"; readonly question: ProbeQuestion }
  | { readonly kind: "invalid"; readonly id: string; readonly error: string }
  | { readonly kind: "noise" };

/**
 * The lines of the stream, each read as a question, until the stream ends. Throws where a line is longer than `questionBytesMax`: who
 * asks is then not to be trusted with the rest.
 */
export async function* questionsOf(stream: Readable): AsyncGenerator<Asked> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      if (bytes + at - from > questionBytesMax) throw tooLong();
      const line = Buffer.concat([...parts, chunk.subarray(from, at)]).toString();
      [parts, bytes, from] = [[], 0, at + 1];
      if (line.trim() !== "") yield asked(line);
    }
    parts.push(chunk.subarray(from));
    bytes += chunk.length - from;
    if (bytes > questionBytesMax) throw tooLong();
  }
}

const tooLong = (): Error => new Error(`probe: a question is longer than ${questionBytesMax} bytes`);

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

/** Reads a line. Only the shape is looked at: the API server has checked what the specs say. */
function asked(line: string): Asked {
  let value: unknown = null;
  try {
    value = JSON.parse(line);
  } catch {
    return { kind: "noise" };
  }
  if (!isObject(value) || typeof value["id"] !== "string" || value["id"].length > idCharsMax) return { kind: "noise" };
  const { id, pipeline, source, connection, files } = value;
  const invalid = (error: string): Asked => ({ kind: "invalid", id, error: `probe: ${error}` });
  if (!isObject(pipeline) || typeof pipeline["namespace"] !== "string" || typeof pipeline["name"] !== "string")
    return invalid("a question needs pipeline { namespace, name }");
  if (!isObject(source) || !isObject(connection)) return invalid("a question needs source and connection");
  if (!isObject(files) || Object.values(files).some((content) => typeof content !== "string"))
    return invalid("a question needs files, each in base64");
  return { kind: "question", question: value as unknown as ProbeQuestion };
}
