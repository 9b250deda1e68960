import { expect, test } from "vitest";
import { codeOf, unexpected } from "../../../../../runtime/sinks/snowflake/streaming/ingest-answer.ts";

const answer = (text: string, body: unknown) => ({ status: 400, text, body });

test.each([
  ['{"code":"STALE_PIPE_CACHE"}', { code: "STALE_PIPE_CACHE" }, "STALE_PIPE_CACHE"],
  ['{"error_code":"ERR_X"}', { error_code: "ERR_X" }, "ERR_X"],
  ['"ERR_CHANNEL_X"', "ERR_CHANNEL_X", "ERR_CHANNEL_X"],
  ["ERR_PLAIN", null, "ERR_PLAIN"],
  ["", null, ""],
])("the code of %s is %s", (text, body, code) => {
  expect(codeOf(answer(text, body))).toBe(code);
});

test("what is no code may quote a row, and is in no message", () => {
  const text = '{"message":"invalid JSON near secret"}';
  expect(unexpected("pipe P", answer(text, JSON.parse(text))).message).not.toContain("secret");
  expect(unexpected("pipe P", answer("invalid JSON near secret", null)).message).not.toContain("secret");
});
