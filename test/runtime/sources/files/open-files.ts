import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import type { FilesSource as FilesSpec } from "../../../../crds/connectors/files.ts";
import type { FileFormat } from "../../../../crds/format.ts";
import type { Source } from "../../../../runtime/component/source.ts";
import { openFormat } from "../../../../runtime/formats/open-format.ts";
import { openFilesSource } from "../../../../runtime/sources/files/files-source.ts";
import { laptopContext } from "../../formats/laptop-context.ts";

/** A manifest's folder, new for each test. */
export interface Folder {
  path: string;
  /** What was logged, one JSON text each. */
  logged: string[];
  put(name: string, content: string | Buffer): Promise<void>;
  /** A source over all files of the folder, or as `part` says. */
  opened(format: FileFormat, part?: Partial<FilesSpec>): Promise<Source>;
}

/** JSON lines with one column `a`. */
export const json: FileFormat = { json: { columns: { a: "VARCHAR" } } };

/** Makes the folder before each test of a file, and removes it after. */
export function folderOfEachTest(): Folder {
  const folder: Folder = {
    path: "",
    logged: [],
    put: (name, content) => writeFile(join(folder.path, name), content),
    async opened(format, part = {}) {
      const context = laptopContext({ folder: folder.path, logged: folder.logged });
      const names = Object.keys(format.json?.columns ?? format.csv?.columns ?? { value: "" });
      const columns = names.map((name) => ({ name, type: "VARCHAR" }));
      return openFilesSource({ paths: ["*"], format, ...part }, await openFormat(format, columns, context), context);
    },
  };
  beforeEach(async () => {
    folder.path = await mkdtemp(join(tmpdir(), "snowline-files-"));
    folder.logged = [];
  });
  afterEach(() => rm(folder.path, { recursive: true }));
  return folder;
}

/** What a promise is rejected with; null where it is not. */
export function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  );
}
