import { describe, expect, it } from "vitest";
import { logText } from "../../../cli/run/log-text.ts";

const plain = (_style: unknown, text: string): string => text;

describe("logText", () => {
  it("writes time, level, message and fields on one line", () => {
    const line = JSON.stringify({
      level: 40,
      time: Date.UTC(2026, 0, 1, 12, 30, 5, 7),
      pid: 1,
      hostname: "h",
      component: "sink",
      error: 'no "x"',
      n: 3,
      msg: "not connected",
    });
    expect(logText(line, plain)).toBe('12:30:05.007 warn  not connected  component=sink error="no \\"x\\"" n=3');
  });

  it("leaves alone what is no JSON", () => {
    expect(logText("plain", plain)).toBe("plain");
  });
});
