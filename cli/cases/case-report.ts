import { type Paint, plural } from "../text.ts";
import type { RowDifference } from "./compare-rows.ts";
import type { TextRow } from "./row-reader.ts";
import type { TestCase } from "./test-case.ts";

/** What came of a case. It passed when nothing differs. */
export interface CaseResult {
  readonly case: TestCase;
  /** Why it could not run or be compared, each a sentence. */
  readonly problems: readonly string[];
  readonly rows: readonly RowDifference[];
  readonly rejects: readonly RejectDifference[];
}

/** How the rejects differ from the expected ones; `input` counts from 1. A null is none. */
export interface RejectDifference {
  readonly input: number;
  readonly expected: string | null;
  readonly actual: string | null;
}

/** True where nothing differs and nothing was wrong. */
export const passed = (result: CaseResult): boolean => result.problems.length + result.rows.length + result.rejects.length === 0;

/** How the rejects differ: an expected reason is met by one that contains it. */
export function compareRejects(expected: TestCase["rejects"], actual: ReadonlyMap<number, string>): readonly RejectDifference[] {
  const wanted = new Map(expected.map(({ input, error }) => [input, error]));
  const inputs = [...new Set([...wanted.keys(), ...actual.keys()])].toSorted((a, b) => a - b);
  return inputs.flatMap((input) => {
    const reason = wanted.get(input) ?? null;
    const given = actual.get(input) ?? null;
    return reason !== null && given !== null && given.includes(reason) ? [] : [{ input, expected: reason, actual: given }];
  });
}

const rowText = (row: TextRow): string => `{ ${[...row].map(([name, value]) => `${name}: ${value}`).join(", ")} }`;

function rowLines(difference: RowDifference, paint: Paint): string[] {
  switch (difference.kind) {
    case "different":
      return [
        `row ${difference.row}`,
        ...difference.columns.flatMap(({ name, expected, actual }) => [
          paint("red", `  - ${name}: ${expected}`),
          paint("green", `  + ${name}: ${actual}`),
        ]),
      ];
    case "missing":
      return [`row ${difference.row} did not come out`, paint("red", `  - ${rowText(difference.expected)}`)];
    case "unexpected":
      return ["a row came out that was not expected", paint("green", `  + ${rowText(difference.actual)}`)];
    default:
      return difference satisfies never;
  }
}

function rejectLines({ input, expected, actual }: RejectDifference, paint: Paint): string[] {
  if (actual === null)
    return [
      `input ${input} was not rejected`,
      paint("red", `  - ${expected === "" || expected === null ? "(any reason)" : expected}`),
    ];
  if (expected === null) return [`input ${input} was rejected`, paint("green", `  + ${actual}`)];
  return [`input ${input} was rejected for another reason`, paint("red", `  - ${expected}`), paint("green", `  + ${actual}`)];
}

/** Lines for one case: its name, and how it differs if it does. */
export function caseLines(result: CaseResult, file: string, paint: Paint): string[] {
  if (passed(result)) return [`${paint("green", "✓")} ${result.case.name}`];
  const details = [
    ...result.problems,
    ...result.rejects.flatMap((difference) => rejectLines(difference, paint)),
    ...result.rows.flatMap((difference) => rowLines(difference, paint)),
  ];
  return [
    `${paint("red", "✗")} ${result.case.name}  ${paint("dim", `${file}:${result.case.line}`)}`,
    ...details.map((line) => `    ${line}`),
  ];
}

/** The last line: how many passed and failed. */
export function verdict(results: readonly CaseResult[], paint: Paint): string {
  const failed = results.filter((result) => !passed(result)).length;
  const good = `${plural(results.length - failed, "case")} passed`;
  return failed === 0
    ? paint("green", good)
    : `${good}, ${paint("red", `${failed} failed`)}   (${paint("red", "- expected")}  ${paint("green", "+ came out")})`;
}
