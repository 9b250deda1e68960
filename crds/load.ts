import { integer, object, quantity, type Static, withDefault } from "./schema.ts";

/** When a batch is loaded: at whichever bound it meets first. */
export const load = withDefault(
  object("When a batch is loaded: at whichever bound it meets first.", {
    everySeconds: withDefault(integer("Seconds since the batch's first record.", { minimum: 1, maximum: 3600 }), 5),
    upToBytes: withDefault(quantity("Bytes of records, uncompressed."), "32Mi"),
    upToRows: withDefault(integer("Records.", { minimum: 1, maximum: 10_000_000 }), 200_000),
  }),
  { everySeconds: 5, upToBytes: "32Mi", upToRows: 200_000 },
);
export type Load = Static<typeof load>;
