import { setTimeout as sleep } from "node:timers/promises";
import { NotConnected, Terminal } from "../../component/errors.ts";
import type { Broker } from "../../kafka/cluster.ts";
import { brokerErrors, coordinatorMoved as moved } from "../../kafka/kafka-errors.ts";
import { type Assignment, leaveTimeoutMs, type MembershipParts, sameAssignment, troublePauseMs } from "./membership.ts";
import { Wakeup } from "../../kafka/wakeup.ts";

/** A coordinator moves, or the group's log is created, in a second or two: nothing to report, but to ask again soon. */
const movedPauseMs = 200;
const movedTimesMax = 50;

/**
 * What both group protocols share: finding the coordinator, one request after the other, pauses, and telling of changes.
 * A protocol gives `turn`, which makes one exchange and returns how long to pause until the next.
 */
export class GroupLoop {
  readonly parts: MembershipParts;
  readonly #closing = new AbortController();
  readonly #wakeup = new Wakeup();
  #coordinator: Promise<Broker> | null = null;
  #assignment: Assignment | null = null;
  #failure: Error | null = null;
  #trouble: Error | null = null;
  #done: Promise<void> = Promise.resolve();

  constructor(parts: MembershipParts) {
    this.parts = parts;
  }

  get assignment(): Assignment | null {
    return this.#assignment;
  }
  get failure(): Error | null {
    return this.#failure;
  }
  get trouble(): Error | null {
    return this.#trouble;
  }

  /** Runs turns until `stop`. */
  start(turn: () => Promise<number>): void {
    this.#done = this.#run(turn);
  }

  /** Ends the pause before the next turn. */
  hurry(): void {
    this.#wakeup.wake();
  }

  /** Tells of what we own now; false where that is nothing new. */
  assign(assignment: Assignment): boolean {
    if (sameAssignment(this.#assignment, assignment)) return false;
    this.#assignment = assignment;
    const partitions = Object.fromEntries(assignment.partitions);
    this.parts.log.info({ group: this.parts.groupId, partitions }, "kafka partitions were assigned");
    this.parts.onChange();
    return true;
  }

  /** A request to the coordinator. Errors of the broker named in `expected` come through as they are. */
  async ask<T>(request: (broker: Broker) => Promise<T>, expected: readonly string[]): Promise<T> {
    const { cluster, groupId } = this.parts;
    this.#coordinator ??= cluster.coordinator(groupId, (errors) => errors.some((error) => moved.includes(error)));
    try {
      return await cluster.call(await this.#coordinator, request, (errors) =>
        errors.some((error) => expected.includes(error) || moved.includes(error)),
      );
    } catch (error) {
      if (!brokerErrors(error).some((name) => expected.includes(name))) this.#coordinator = null;
      throw error;
    }
  }

  /** Ends the turns, then runs `leave`, which may take a while but not long. */
  async stop(leave: () => Promise<void>): Promise<void> {
    this.#closing.abort();
    this.#wakeup.wake();
    const bound = () => sleep(leaveTimeoutMs, undefined, { ref: false });
    await Promise.race([this.#done, bound()]);
    await Promise.race([leave().catch(() => {}), bound()]);
  }

  async #run(turn: () => Promise<number>): Promise<void> {
    const { signal } = this.#closing;
    let movedTimes = 0;
    while (!signal.aborted && this.#failure === null) {
      let pauseMs = troublePauseMs;
      try {
        pauseMs = await turn();
        movedTimes = 0;
        this.#trouble = null;
      } catch (error) {
        if (brokerErrors(error).some((name) => moved.includes(name)) && movedTimes++ < movedTimesMax) pauseMs = movedPauseMs;
        else if (!signal.aborted) this.#note(error);
      }
      await this.#wakeup.wait(signal, pauseMs);
    }
  }

  #note(error: unknown): void {
    const { groupId, log, onChange } = this.parts;
    const failure = this.#explained(error);
    if (failure instanceof Terminal) this.#failure = failure;
    else {
      if (this.#trouble === null) log.warn({ group: groupId, reason: failure.message }, "kafka consumer group does not answer");
      this.#trouble = failure;
    }
    onChange();
  }

  /** An answer of the broker that no protocol knows what to do about, or that lasts: it may be another one later. */
  #explained(error: unknown): Error {
    if (error instanceof Terminal || error instanceof NotConnected) return error;
    const answers = brokerErrors(error);
    if (answers.length === 0) return error instanceof Error ? error : new Error(String(error));
    const { groupId, cluster } = this.parts;
    return new NotConnected(
      `kafka consumer group "${groupId}": the brokers (${cluster.bootstrap}) answered ${answers.join(", ")}; we ask again`,
    );
  }
}
