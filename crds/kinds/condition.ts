import { choice, integer, keyedList, object, optional, type Static, string } from "../schema.ts";

/** A Kubernetes condition (meta/v1 Condition). */
const condition = object("One observation about the resource.", {
  type: string("What was observed, in CamelCase.", { maxLength: 316 }),
  status: choice("Whether it holds.", "True", "False", "Unknown"),
  observedGeneration: optional(integer("Generation of the spec it was observed on.", { minimum: 0, format: "int64" })),
  lastTransitionTime: string("When `status` last changed.", { format: "date-time" }),
  reason: string("Why, in CamelCase.", {
    minLength: 1,
    maxLength: 1024,
    matches: { pattern: "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$", message: "must be one word in CamelCase" },
  }),
  message: string("Why, in a sentence, with what to do.", { maxLength: 32_768 }),
});
export type Condition = Static<typeof condition>;

/** Conditions by type. `which` lists the types. */
export const conditions = (which: string) =>
  optional(keyedList(`What was observed, each with its reason: ${which}`, condition, { key: ["type"], maxItems: 16 }));
