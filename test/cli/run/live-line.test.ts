import { describe, expect, it } from "vitest";
import { LiveLine } from "../../../cli/run/live-line.ts";

/** A terminal that understands carriage return and erase-to-end, as far as LiveLine writes them. */
class Screen {
  readonly isTTY = true;
  readonly columns = 20;
  readonly writes: string[] = [];
  readonly lines = [""];
  #at = 0;

  write(text: string): boolean {
    this.writes.push(text);
    for (const part of text.match(/\r|\n|\u001B\[K|[^\r\n\u001B]+/g) ?? []) this.#apply(part);
    return true;
  }

  #apply(part: string): void {
    const line = this.lines.at(-1) ?? "";
    if (part === "\n") {
      this.lines.push("");
      this.#at = 0;
    } else if (part === "\r") this.#at = 0;
    else if (part === "\u001B[K") this.lines[this.lines.length - 1] = line.slice(0, this.#at);
    else {
      this.lines[this.lines.length - 1] = line.slice(0, this.#at) + part + line.slice(this.#at + part.length);
      this.#at += part.length;
    }
  }
}

describe("LiveLine", () => {
  it("redraws in place, one write each time, and not at all when nothing changed", () => {
    const screen = new Screen();
    const line = new LiveLine(screen);
    line.show("read 1000");
    line.show("read 2");
    line.show("read 2");
    expect(screen.lines).toEqual(["read 2"]);
    expect(screen.writes).toHaveLength(2);
  });

  it("lets other lines scroll past above it", () => {
    const screen = new Screen();
    const line = new LiveLine(screen);
    line.above("first\n");
    line.show("read 1");
    line.above("a warning\n");
    line.show("read 2");
    line.clear();
    line.above("last\n");
    expect(screen.lines).toEqual(["first", "a warning", "last", ""]);
  });

  it("is one column narrower than the terminal, and 79 wide where the width is unknown", () => {
    expect(new LiveLine(new Screen()).width).toBe(19);
    expect(new LiveLine({ write: () => true }).width).toBe(79);
  });
});
