import type { Output } from "../shell.ts";

const toStart = "\r";
const eraseToEnd = "\u001B[K";
/** Width where the terminal does not tell. */
const columnsDefault = 80;

/** One line at the bottom of a terminal that is redrawn in place, and other lines that scroll past above it. */
export class LiveLine {
  readonly #output: Output;
  #shown = "";

  constructor(output: Output) {
    this.#output = output;
  }

  /** Columns a line may have. One less than the terminal's: a full line would wrap. */
  get width(): number {
    return Math.max((this.#output.columns ?? columnsDefault) - 1, 1);
  }

  /** Replaces the line, in one write and without erasing it first, so that it does not flicker. `text` is one line, no wider than `width`. */
  show(text: string): void {
    if (text === this.#shown) return;
    this.#output.write(`${toStart}${text}${eraseToEnd}`);
    this.#shown = text;
  }

  /** Writes whole lines above the live line. */
  above(lines: string): void {
    this.#output.write(this.#shown === "" ? lines : `${toStart}${eraseToEnd}${lines}${this.#shown}`);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#shown !== "") this.#output.write(`${toStart}${eraseToEnd}`);
    this.#shown = "";
  }
}
