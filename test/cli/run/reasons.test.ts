import { describe, expect, it } from "vitest";
import { ReasonCounter } from "../../../cli/run/reasons.ts";
import type { DeadLetters, Letter } from "../../../runtime/component/dead-letters.ts";

const letter = (error: string): Letter => ({
  topic: "t",
  partition: 0,
  offset: 0,
  timestampMs: 0,
  key: null,
  value: null,
  headers: [],
  pipeline: "default/p",
  schemaVersion: "0",
  error,
});

class Mailbox implements DeadLetters {
  readonly letters: Letter[] = [];
  full = false;
  closed = false;
  write(letters: readonly Letter[]): Promise<void> {
    if (this.full) return Promise.reject(new Error("mailbox: full"));
    this.letters.push(...letters);
    return Promise.resolve();
  }
  [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

describe("ReasonCounter", () => {
  it("counts reasons, the most frequent first, and passes the letters on", async () => {
    const mailbox = new Mailbox();
    const counter = new ReasonCounter(mailbox);
    await counter.write([letter("a"), letter("b")]);
    await counter.write([letter("b")]);
    expect(counter.counts()).toEqual([
      { reason: "b", count: 2 },
      { reason: "a", count: 1 },
    ]);
    expect(mailbox.letters.map(({ error }) => error)).toEqual(["a", "b", "b"]);
    await counter[Symbol.asyncDispose]();
    expect(mailbox.closed).toBe(true);
  });

  it("does not count letters that could not be written", async () => {
    const mailbox = new Mailbox();
    mailbox.full = true;
    const counter = new ReasonCounter(mailbox);
    await expect(counter.write([letter("a")])).rejects.toThrow("full");
    expect(counter.counts()).toEqual([]);
  });

  it("stays bounded however many different reasons there are", async () => {
    const counter = new ReasonCounter(new Mailbox());
    await counter.write(Array.from({ length: 5000 }, (_, at) => letter(`reason ${at}`)));
    const counts = counter.counts();
    expect(counts.length).toBe(1001);
    expect(counts[0]).toEqual({ reason: "other reasons", count: 4000 });
  });
});
