import { integer, number, object, optional, type Static, withDefault } from "../schema.ts";

const overSeconds = (seconds: number) =>
  withDefault(integer("Over how long it is counted.", { minimum: 10, maximum: 86_400 }), seconds);
const ratio = (what: string) => optional(number(what, { minimum: 0, maximum: 1 }));
const rows = (what: string) => optional(integer(what, { minimum: 0, format: "int64" }));

/** What the data has to be like. Each bound that is set is watched; without any the section may be left out. */
export const pipelineQuality = object("What the data has to be like: beyond it the pipeline warns or stops.", {
  rejected: optional(
    object(
      "The part of the records that cannot become a row.",
      {
        overSeconds: overSeconds(300),
        atLeastRecords: withDefault(
          integer("Fewer records than this are too few to judge.", { minimum: 1, maximum: 1_000_000_000, format: "int64" }),
          100,
        ),
        warnAbove: ratio("Above this part, between 0 and 1, the condition QualityAsExpected turns False."),
        stopAbove: ratio(
          "Above this part, between 0 and 1, the pipeline stops before the batch is loaded. Each pod judges what it read; records too few to judge wait for more, for `overSeconds` at most.",
        ),
      },
      [
        { rule: "has(self.warnAbove) || has(self.stopAbove)", message: "must set warnAbove or stopAbove" },
        {
          rule: "!has(self.warnAbove) || !has(self.stopAbove) || self.warnAbove <= self.stopAbove",
          message: "warnAbove is above stopAbove: it would never warn; lower warnAbove or raise stopAbove",
        },
      ],
    ),
  ),
  rows: optional(
    object(
      "Rows loaded.",
      {
        overSeconds: overSeconds(3600),
        warnBelow: rows("Fewer rows than this, and the condition QualityAsExpected turns False. Counts over all pods."),
        warnAbove: rows("More rows than this, and the condition QualityAsExpected turns False. Counts over all pods."),
      },
      [{ rule: "has(self.warnBelow) || has(self.warnAbove)", message: "must set warnBelow or warnAbove" }],
    ),
  ),
});
export type PipelineQuality = Static<typeof pipelineQuality>;
