import { describe, expect, it } from "vitest";
import { readCases } from "../../../cli/cases/case-file.ts";

describe("readCases", () => {
  it("reads a case with all it may have", () => {
    const [only] = readCases(
      "orders.test.yaml",
      `# comment
- name: all of it
  pipeline: orders
  lookups: { rates: [{ currency: EUR, rate: 1 }] }
  input:
    - { value: { a: 1 }, key: 42, headers: { trace: abc, empty: null }, topic: t, partition: 3, offset: 7, timestamp: "2026-01-31T12:00:00Z" }
    - text: "not json"
    - base64: AAEC
    - value: null
  rows:
    - { a: 1 }
  rejects:
    - { input: 2, error: JSON }
    - input: 3
`,
    );
    expect(only).toMatchObject({ name: "all of it", line: 2, pipeline: "orders", rows: [{ a: 1 }] });
    expect(only?.lookups).toEqual({ rates: [{ currency: "EUR", rate: 1 }] });
    expect(only?.input[0]).toEqual({
      content: { value: { a: 1 } },
      key: Buffer.from("42"),
      headers: { trace: "abc", empty: null },
      topic: "t",
      partition: 3,
      offset: 7,
      timestampMs: Date.UTC(2026, 0, 31, 12),
    });
    expect(only?.input[1]).toMatchObject({
      content: { bytes: Buffer.from("not json") },
      key: null,
      topic: null,
      partition: 0,
      offset: 1,
    });
    expect(only?.input[2]).toMatchObject({ content: { bytes: Buffer.from([0, 1, 2]) } });
    expect(only?.input[3]).toMatchObject({ content: null });
    expect(only?.rejects).toEqual([
      { input: 2, error: "JSON" },
      { input: 3, error: "" },
    ]);
  });

  it.each([
    ["{}", "c.yaml:1: must be a list of cases"],
    ["[]", "c.yaml:1: has no cases"],
    [
      "- name: x\n  input: [{ value: {} }]\n  row: []\n",
      "c.yaml:3: [0].row: unknown field; there are name, pipeline, input, lookups, rows, rejects",
    ],
    ["- input: [{ value: {} }]\n", "c.yaml:1: [0].name: must be a text"],
    ["- name: x\n  input: []\n", "c.yaml:2: [0].input: give at least one record"],
    ["- name: x\n  input:\n    - key: k\n", "c.yaml:3: [0].input[0]: set exactly one of: value, text, base64"],
    ["- name: x\n  input:\n    - { value: {}, text: a }\n", "c.yaml:3: [0].input[0]: set exactly one of"],
    [
      "- name: x\n  input:\n    - value: 3\n",
      "c.yaml:3: [0].input[0].value: must be an object; give other records as text or base64",
    ],
    ["- name: x\n  input:\n    - base64: '%'\n", "c.yaml:3: [0].input[0].base64: must be bytes in base64"],
    ["- name: x\n  input:\n    - text: a\n      timestamp: noon\n", "c.yaml:4: [0].input[0].timestamp: must be a time such as"],
    ["- name: x\n  input:\n    - text: a\n      offset: -1\n", "c.yaml:4: [0].input[0].offset: must be an integer, 0 or more"],
    [
      "- name: x\n  input: [{ text: a }]\n  rejects:\n    - input: 2\n",
      "c.yaml:4: [0].rejects[0].input: says which record is rejected: 1 to 1",
    ],
    ["- name: x\n  input: [{ text: a }]\n  rows: [1]\n", "c.yaml:3: [0].rows[0]: must be an object"],
    ["- name: x\n  input:\n    - text: a\n      key: [k]\n", "c.yaml:4: [0].input[0].key: must be a text"],
    ["- name: [\n", "c.yaml:2: "],
  ])("refuses %j with its line", (text, message) => {
    expect(() => readCases("c.yaml", text)).toThrow(message);
  });
});
