import type { Surroundings } from "./surroundings.ts";

/** Notices in the condition's message; the log has all. */
const shownMax = 5;

/** Tells what a source's owner should know where it is news: in a condition, and a line in the log each. Answers the notices. */
export function noteNotices(
  notices: readonly string[],
  before: readonly string[],
  { report, log }: Surroundings,
): readonly string[] {
  if (notices.length === before.length && notices.every((notice, index) => notice === before[index])) return before;
  for (const notice of notices) if (!before.includes(notice)) log.warn({ notice }, "source notice");
  const more = notices.length > shownMax ? `; and ${notices.length - shownMax} more` : "";
  report.observe(
    notices.length === 0
      ? { type: "SourceAsExpected", status: "True", reason: "AsExpected", message: "the source has nothing to tell" }
      : {
          type: "SourceAsExpected",
          status: "False",
          reason: "SourceNotice",
          message: notices.slice(0, shownMax).join("; ") + more,
        },
  );
  return notices;
}
