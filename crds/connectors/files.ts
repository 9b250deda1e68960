import { fileFormat } from "../format.ts";
import { integer, object, optional, set, type Static, string } from "../schema.ts";
import { load } from "../load.ts";

export const filesSource = object(
  "Files on a mounted volume or a laptop's disk. Each file is a split; its position is the row.",
  {
    paths: set(
      "Paths or globs (`/data/orders/**/*.csv`); relative ones start at the manifest's folder. `.gz` and `.zst` are decompressed.",
      string("Path or glob.", { minLength: 1, maxLength: 4096 }),
      { minItems: 1, maxItems: 64 },
    ),
    pollSeconds: optional(
      integer("Look for new files this often. Without it the pipeline ends when the files that are there have been read.", {
        minimum: 1,
        maximum: 86_400,
      }),
    ),
    format: fileFormat,
  },
);
export type FilesSource = Static<typeof filesSource>;

export const filesSink = object("Parquet files (zstd) in a directory, each batch exactly once.", {
  directory: string("Directory; relative to the manifest's folder. It is created if absent.", { minLength: 1 }),
  load,
});
export type FilesSink = Static<typeof filesSink>;

export const filesDeadLetter = object("JSON lines files in a directory, bytes in base64.", {
  directory: string("Directory; relative to the manifest's folder. It is created if absent.", { minLength: 1 }),
});
export type FilesDeadLetter = Static<typeof filesDeadLetter>;
