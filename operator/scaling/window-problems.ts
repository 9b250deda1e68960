import type { Problem } from "../../crds/check.ts";
import { shown } from "../../crds/explain.ts";
import type { PipelineScaling } from "../../crds/kinds/scaling.ts";
import { pathText } from "../../crds/path.ts";
import { cronOf, type ScalingWindow } from "./scaling-window.ts";

/** From when on the first moment of an expression is looked for: it only matters whether there is one at all. */
const anyTime = new Date(0);
/** A time zone that is always there. */
const utc = "UTC";

/** What is wrong with the windows, by the paths of a Pipeline: expressions that are none or never come, time zones that nobody knows. */
export function windowProblems({ windows = [] }: PipelineScaling): readonly Problem[] {
  return windows.flatMap((window, index) =>
    problemsOf(window).map(([field, message]) => ({ path: pathOf(index, field), message })),
  );
}

type Field = "start" | "end" | "timeZone";

function problemsOf(window: ScalingWindow): readonly (readonly [Field, string])[] {
  const expressions = (["start", "end"] as const).flatMap((field): (readonly [Field, string])[] => {
    const wrong = expressionProblem(window[field]);
    return wrong === null ? [] : [[field, `${shown(window[field])} ${wrong}`]];
  });
  const zone: readonly (readonly [Field, string])[] = isTimeZone(window.timeZone)
    ? []
    : [["timeZone", `${shown(window.timeZone)} is no time zone: write an IANA name such as \`Europe/Berlin\`, or \`UTC\``]];
  const empty: readonly (readonly [Field, string])[] =
    expressions.length === 0 && window.start === window.end
      ? [["end", `${shown(window.end)} is when it begins, too, so that it never holds: write when it ends`]]
      : [];
  return [...expressions, ...zone, ...empty];
}

function expressionProblem(expression: string): string | null {
  const fields = expression.trim().split(/\s+/).length;
  if (!expression.startsWith("@") && fields !== 5)
    return `has ${fields} fields: write five (minute, hour, day of month, month, day of week), such as \`0 8 * * 1-5\``;
  try {
    return cronOf(expression, utc).nextRun(anyTime) === null ? "is a date that never comes: write one that there is" : null;
  } catch (error) {
    // croner names what is wrong after its own class's name.
    const reason = (error instanceof Error ? error.message : String(error)).replace(/^Cron\w+: /, "");
    return `is no cron expression (${reason}): write minute, hour, day of month, month, day of week, such as \`0 8 * * 1-5\``;
  }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const pathOf = (index: number, field: Field): string => pathText(["spec", "scaling", "windows", index, field]);
