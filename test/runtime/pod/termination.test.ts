import { expect, test } from "vitest";
import { terminationBytesMax, terminationText } from "../../../runtime/pod/termination.ts";

test("a termination is JSON with its reason and message", () => {
  expect(JSON.parse(terminationText({ reason: "TableMissing", message: 'table "a": is not there' }))).toEqual({
    reason: "TableMissing",
    message: 'table "a": is not there',
  });
});

test.each([
  ["letters", "x"],
  ["what JSON escapes", '"\n'],
  ["umlauts", "ü"],
  ["characters outside the first plane", "🦆"],
])("a message of too many %s loses its end, and is JSON still", (_what, part) => {
  const text = terminationText({ reason: "SpecInvalid", message: part.repeat(10_000) });
  const bytes = Buffer.byteLength(text);
  expect(bytes).toBeLessThanOrEqual(terminationBytesMax);
  expect(bytes).toBeGreaterThan(terminationBytesMax - 8);
  const { message } = JSON.parse(text) as { message: string };
  expect(message.endsWith("…")).toBe(true);
  expect(part.repeat(10_000).startsWith(message.slice(0, -1))).toBe(true);
});
