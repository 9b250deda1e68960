import { describe, expect, test } from "vitest";
import {
  type ChannelNote,
  noteText,
  readNote,
  standing,
  unsettledErrors,
} from "../../../../../runtime/sinks/snowflake/streaming/channel-note.ts";

const at = (offset: number) => ({ offset });
const token = (offset: number) => JSON.stringify(at(offset));
const note = (changes: Partial<ChannelNote> = {}): ChannelNote => ({
  token: null,
  final: false,
  errors: 0,
  channelMs: 1,
  atMs: 0,
  ...changes,
});
const channel = (offset: number | null, createdMs = 1) => ({
  token: offset === null ? null : token(offset),
  errors: 0,
  createdMs,
});

describe("Where a split stands", () => {
  test.each([
    ["is nowhere where nothing was ever kept", null, null, channel(null), null],
    ["is where the channel's token says, whatever the table had before", 5, note({ token: token(5) }), channel(7), 7],
    ["is beyond the token where moves without rows followed it", 9, note({ token: token(7) }), channel(7), 9],
    ["is where the table says before the first row", 3, note(), channel(null), 3],
    ["is where the table says where rows were sent and never committed", null, note(), channel(null), null],
    ["is where another way of loading left it", 4, null, channel(null), 4],
    [
      "is where the table says for good, though the channel expired",
      9,
      note({ token: token(7), final: true }),
      channel(null, 2),
      9,
    ],
    ["is where a new channel's token says", 9, note({ token: token(7), final: true }), channel(11, 2), 11],
  ] as const)("%s", (...[, position, kept, opened, expected]) => {
    const stored = { position: position === null ? null : at(position), note: kept };
    expect(standing(stored, opened)).toEqual({ kind: "at", position: expected === null ? null : at(expected) });
  });

  test.each([
    ["rows followed the note, and the channel expired", note({ token: token(7) })],
    ["rows may have followed, and the channel was made anew", note({ token: null })],
  ])("is not known where %s", (_name, kept) => {
    expect(standing({ position: at(7), note: kept }, channel(null, 2))).toEqual({ kind: "gone" });
  });
});

test("a note comes back as it was written; another way of loading's is refused with what to do", () => {
  const written = note({ token: token(7), errors: 3 });
  expect(readNote(noteText(written), "a")).toMatchObject(written);
  expect(readNote(null, "a")).toBeNull();
  expect(() => readNote('{"file":"x"}', "orders/1")).toThrow("split orders/1");
});

test("a channel that was made anew counts its errors anew", () => {
  expect(unsettledErrors(note({ errors: 2 }), { token: null, errors: 5, createdMs: 1 })).toBe(3);
  expect(unsettledErrors(note({ errors: 2 }), { token: null, errors: 1, createdMs: 2 })).toBe(1);
  expect(unsettledErrors(null, { token: null, errors: 1, createdMs: 2 })).toBe(1);
});
