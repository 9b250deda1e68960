import type { Problem } from "../../../crds/check.ts";

/** Problems that a condition names. */
const namedMax = 10;

/** Problems in one line, each with its field. */
export function listedProblems(problems: readonly Problem[]): string {
  const named = problems.slice(0, namedMax).map(({ path, message }) => `${path}: ${message}`);
  const more = problems.length - namedMax;
  return [...named, ...(more > 0 ? [`${more} more`] : [])].join("; ");
}
