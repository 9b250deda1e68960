import { choice, integer, list, object, optional, type Static, string, withDefault } from "../schema.ts";

const replicasMax = 1000;

const cron = (what: string) =>
  string(`${what}: five fields (minute, hour, day of month, month, day of week), such as \`0 8 * * 1-5\`.`, {
    minLength: 9,
    maxLength: 100,
  });

const scalingWindow = object(
  "A recurring time with bounds of its own. Where several hold at once, the last of them in the list decides.",
  {
    start: cron("When it begins"),
    end: cron("When it ends"),
    timeZone: withDefault(string("IANA time zone of both, such as `Europe/Berlin`.", { minLength: 1, maxLength: 64 }), "UTC"),
    min: optional(integer("Fewest pods meanwhile, in place of `scaling.min`.", { minimum: 0, maximum: replicasMax })),
    max: optional(integer("Most pods meanwhile, in place of `scaling.max`.", { minimum: 1, maximum: replicasMax })),
  },
  [
    { rule: "has(self.min) || has(self.max)", message: "must set min or max: without them the window changes nothing" },
    { rule: "!has(self.min) || !has(self.max) || self.min <= self.max", message: "min is above max: lower min or raise max" },
  ],
);

/** How many pods are to run is decided from what they can carry and what arrives. */
export const pipelineScaling = object(
  "Autoscaling. It decides how many pods run; it never writes the spec.",
  {
    min: withDefault(
      integer("Fewest pods. 0 leaves no pod while there is nothing to read.", { minimum: 0, maximum: replicasMax }),
      1,
    ),
    max: integer("Most pods. There are never more than the source has partitions, unless `min` says so.", {
      minimum: 1,
      maximum: replicasMax,
    }),
    targetLagSeconds: withDefault(
      integer("How far behind the newest record the table may be.", { minimum: 1, maximum: 86_400 }),
      60,
    ),
    mode: withDefault(
      choice(
        "`auto` acts. `recommend` only says in the status what it would do; the pods stay as many as they are.",
        "auto",
        "recommend",
      ),
      "auto",
    ),
    scaleDownAfterSeconds: withDefault(
      integer("For how long fewer pods must have been enough before there are fewer.", { minimum: 0, maximum: 86_400 }),
      300,
    ),
    windows: optional(list("Times with bounds of their own.", scalingWindow, { maxItems: 16 })),
  },
  [{ rule: "self.min <= self.max", message: "min is above max: lower min or raise max" }],
);
export type PipelineScaling = Static<typeof pipelineScaling>;
