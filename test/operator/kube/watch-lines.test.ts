import { expect, it } from "vitest";
import { watchLines } from "../../../operator/kube/watch-lines.ts";

async function linesOf(chunks: readonly Buffer[]): Promise<string[]> {
  const stream = (async function* () {
    yield* chunks;
  })();
  const lines: string[] = [];
  for await (const line of watchLines(stream)) lines.push(line);
  return lines;
}

const text = '{"a":"größer 🎿"}\n\n{"b":2}\n{"c":"ü"}\n';

it("a stream has the same lines wherever it is cut, in the middle of a character too", async () => {
  const bytes = Buffer.from(text);
  const whole = ['{"a":"größer 🎿"}', '{"b":2}', '{"c":"ü"}'];
  for (let at = 0; at <= bytes.length; at++)
    expect(await linesOf([bytes.subarray(0, at), bytes.subarray(at)]), `cut at ${at}`).toEqual(whole);
  expect(await linesOf([...bytes].map((byte) => Buffer.from([byte])))).toEqual(whole);
});

it("a line that is not ended is dropped: it was cut off", async () => {
  expect(await linesOf([Buffer.from('{"a":1}\n{"b":')])).toEqual(['{"a":1}']);
});

it("a line without an end is refused before it fills the memory", async () => {
  const chunk = Buffer.alloc(2 ** 20, "x");
  const endless = (async function* () {
    for (;;) yield chunk;
  })();
  await expect(watchLines(endless).next()).rejects.toThrow("a line is longer than 67108864 bytes");
});
