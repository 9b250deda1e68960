import type { Output } from "../shell.ts";
import { LiveLine } from "./live-line.ts";
import { liveProgressText, plainProgressText, notBegun, rateOf, type RunProgress, type Sample } from "./progress-text.ts";

/** What is watched, and where it is shown. */
export interface WatchOptions {
  /** Name of the pipeline. */
  readonly name: string;
  readonly output: Output;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** How often the live line is redrawn: smooth for the eye, nothing for the machine. */
const redrawMs = 100;
/** How often a line is written where it is no terminal. */
const plainMs = 5000;

/** Shows how a run goes until it is disposed of: a line redrawn in place on a terminal, lines every few seconds elsewhere. */
export class ProgressWatch implements Disposable {
  readonly #options: WatchOptions;
  readonly #line: LiveLine | null;
  readonly #timer: NodeJS.Timeout;
  #progress: () => RunProgress = () => notBegun;
  #samples: readonly Sample[] = [];
  #turn = 0;
  #last = "";

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#line = options.output.isTTY === true ? new LiveLine(options.output) : null;
    this.#timer = setInterval(() => this.#look(), this.#line === null ? plainMs : redrawMs);
    this.#timer.unref();
  }

  /** From now on shows what this answers. */
  follow(progress: () => RunProgress): void {
    this.#progress = progress;
  }

  /** Writes whole lines, such as a log line, without tearing the live line. */
  write(lines: string): void {
    if (this.#line === null) this.#options.output.write(lines);
    else this.#line.above(lines);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#line?.clear();
  }

  #look(): void {
    const { name, output } = this.#options;
    const progress = this.#progress();
    const { samples, recordsPerSecond } = rateOf(this.#samples, { atMs: this.#options.now(), recordsRead: progress.recordsRead });
    this.#samples = samples;
    if (this.#line !== null) {
      this.#line.show(liveProgressText(name, progress, { recordsPerSecond, turn: this.#turn++, width: this.#line.width }));
      return;
    }
    const text = plainProgressText(name, progress, recordsPerSecond);
    if (text !== this.#last) output.write(`${text}\n`);
    this.#last = text;
  }
}
