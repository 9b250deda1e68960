import type { Surroundings } from "./surroundings.ts";

/** Notices in the condition's message; a source logs them itself. */
const shownMax = 5;

/** Tells in a condition what a source's owner should know, where it is news. Answers the notices. */
export function noteNotices(
  notices: readonly string[],
  before: readonly string[],
  { report }: Pick<Surroundings, "report">,
): readonly string[] {
  if (notices.length === before.length && notices.every((notice, index) => notice === before[index])) return before;
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
