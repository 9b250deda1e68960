import pino from "pino";
import { expect, test } from "vitest";
import { systemClock } from "../../../runtime/engine/clock.ts";
import { type EventPost, eventPost, type Outcome } from "../../../runtime/lineage/event-post.ts";
import { FakeClock } from "../engine/fakes/fake-clock.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

interface Posted {
  readonly post: EventPost;
  readonly clock: FakeClock;
  readonly outcomes: readonly Outcome[];
  readonly lines: readonly string[];
}

function posting({ url }: Pick<Receiver, "url">): Posted {
  const clock = new FakeClock();
  const outcomes: Outcome[] = [];
  const lines: string[] = [];
  const log = pino({ level: "debug" }, { write: (line) => void lines.push(line) });
  const post = eventPost({
    url,
    apiKey: async () => "k3y",
    clock,
    random: () => 1,
    log,
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  return { post, clock, outcomes, lines };
}
const event = (n: number): object => ({ eventType: String(n) });

test("events arrive in order", async () => {
  await using receiver = await startReceiver();
  const { post, outcomes } = posting(receiver);
  for (let n = 0; n < 20; n++) post.post(event(n));
  await post.settled();
  expect(receiver.events.map(({ eventType }) => Number(eventType))).toEqual(Array.from({ length: 20 }, (_, n) => n));
  expect(outcomes).toEqual(Array<Outcome>(20).fill("sent"));
});

test("a receiver that is down is tried again with pauses, told of once, and told of when it is back", async () => {
  await using receiver = await startReceiver();
  receiver.answers = 503;
  const { post, clock, lines } = posting(receiver);
  post.post(event(0));
  await receiver.asked(1);
  for (let request = 2; request <= 4; request++) {
    while (receiver.requests < request) await clock.advance(500);
  }
  receiver.answers = 200;
  while (receiver.events.length < 1) await clock.advance(500);
  await post.settled();
  const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  expect(messages).toEqual(["lineage event not sent; the pipeline goes on without", "lineage receiver answers again"]);
  expect(lines.join("")).not.toContain("k3y");
});

test.each([400, 401, 404, 307])("an answer of %i is final: the next event has its turn", async (status) => {
  await using receiver = await startReceiver();
  receiver.answers = status;
  const { post, outcomes } = posting(receiver);
  post.post(event(0));
  await post.settled();
  receiver.answers = 200;
  post.post(event(1));
  await post.settled();
  expect(receiver.requests).toBe(2);
  expect(receiver.events).toEqual([event(1)]);
  expect(outcomes).toEqual(["dropped", "sent"]);
});

test("while a receiver hangs the oldest events make room, and ending does not wait for it", async () => {
  await using receiver = await startReceiver();
  receiver.answers = null;
  const { post, outcomes } = posting(receiver);
  post.post(event(0));
  await receiver.asked(1);
  for (let n = 1; n <= 250; n++) post.post(event(n));
  expect(outcomes).toEqual(Array<Outcome>(50).fill("dropped"));
  post[Symbol.dispose]();
  await post.settled();
  // Each event has come to an end: one that hung, fifty that made room, two hundred that waited.
  expect(outcomes).toEqual(Array<Outcome>(251).fill("dropped"));
  post.post(event(251));
  expect(outcomes).toHaveLength(252);
});

test("a receiver that is not there is no crash", async () => {
  const receiver = await startReceiver();
  await receiver[Symbol.asyncDispose]();
  const { post, lines } = posting(receiver);
  post.post(event(0));
  while (lines.length === 0) await new Promise<void>((resolve) => void systemClock.after(5, resolve));
  expect(lines[0]).toContain("ECONNREFUSED");
  post[Symbol.dispose]();
  await post.settled();
});
