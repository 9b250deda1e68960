import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import type { ProbeAnswer, ProbeQuestion } from "../../../runtime/probe/probe-message.ts";

/** The probe as the operator runs it. Disposing of it ends its input and waits for its end. */
export class ProbeProcess implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers = new Map<string, ProbeAnswer>();
  readonly #waiting = new Map<string, (answer: ProbeAnswer) => void>();
  readonly exited: Promise<unknown[]>;
  output = "";

  constructor(deadlineSeconds: number) {
    const args = ["runtime/probe-main.ts", "--deadline-seconds", String(deadlineSeconds)];
    this.#child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.exited = once(this.#child, "exit");
    let rest = "";
    this.#child.stdout.on("data", (chunk: Buffer) => {
      this.output += chunk.toString();
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#hear(JSON.parse(line) as ProbeAnswer);
    });
    this.#child.stderr.on("data", (chunk: Buffer) => void (this.output += chunk.toString()));
  }

  /** Asks, and resolves with the answer. */
  async ask(question: ProbeQuestion): Promise<ProbeAnswer> {
    this.say(JSON.stringify(question));
    return this.answer(question.id);
  }

  /** The answer to the question with this id, once it is there. */
  answer(id: string): Promise<ProbeAnswer> {
    const known = this.#answers.get(id);
    if (known !== undefined) return Promise.resolve(known);
    const late = this.exited.then(() => {
      throw new Error(`the probe ended without an answer to ${id}: ${this.output}`);
    });
    late.catch(() => {});
    return Promise.race([new Promise<ProbeAnswer>((resolve) => this.#waiting.set(id, resolve)), late]);
  }

  /** One line to its input. */
  say(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    await this.exited;
  }

  #hear(answer: ProbeAnswer): void {
    this.#answers.set(answer.id, answer);
    this.#waiting.get(answer.id)?.(answer);
  }
}
