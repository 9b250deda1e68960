import { type DeadLetters, type Letter, lettersMax } from "../../../../runtime/component/dead-letters.ts";
import { Gate } from "./gate.ts";

/** Dead letters in memory. Each of `failures` is thrown by one call. */
export class MemoryDeadLetters implements DeadLetters {
  readonly gate = new Gate();
  readonly letters: Letter[] = [];
  readonly failures: Error[] = [];

  async write(letters: readonly Letter[]): Promise<void> {
    if (letters.length > lettersMax) throw new Error(`dead letters: ${letters.length} in one call`);
    await this.gate.pass();
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    this.letters.push(...letters);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
