import { choice, object, oneOf, optional, set, type Static, string, withDefault } from "./schema.ts";

/** How rows meet the rows that are there. */
export const mode = withDefault(
  oneOf("How rows meet the rows that are there.", {
    append: object("Every row is added.", {}),
    upsert: object("A row replaces the row with the same key. Inside a batch the latest record wins.", {
      key: set(
        "Columns of the key. A row whose key is NULL is rejected.",
        string("Column name.", { minLength: 1, maxLength: 255 }),
        {
          minItems: 1,
          maxItems: 16,
        },
      ),
      deleteWhen: optional(
        string(
          "A BOOLEAN column of the SQL that is not stored: a row in which it is true removes the row with its key, as a tombstone does.",
          { minLength: 1, maxLength: 255 },
        ),
      ),
    }),
  }),
  { append: {} },
);

/** What may happen to the table when the rows do not fit it. */
export const schemaEvolution = withDefault(
  choice(
    "What may happen to a table that lacks a column or whose column is too narrow: `none` refuses, `addColumns` adds columns (always nullable), `widen` also widens types.",
    "none",
    "addColumns",
    "widen",
  ),
  "none",
);
export type SchemaEvolution = Static<typeof schemaEvolution>;
