import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FileFormat } from "../../../../crds/format.ts";
import { openFilesSource } from "../../../../runtime/sources/files/files-source.ts";
import { sourceContract, type SourceSubject } from "../../../contract/source.ts";
import { laptopContext } from "../../formats/laptop-context.ts";

const subject = (format: FileFormat) => async (): Promise<SourceSubject> => {
  const folder = await mkdtemp(join(tmpdir(), "snowline-contract-"));
  const names = ["one.txt", "two.txt"] as const;
  for (const name of names) await writeFile(join(folder, name), "");
  return {
    open: (contractFormat) => openFilesSource({ paths: ["*.txt"], format }, contractFormat, laptopContext({ folder })),
    produce: (stream, texts) => appendFile(join(folder, names[stream]), texts.map((text) => `${text}\n`).join("")),
    split: (stream) => names[stream],
    bounded: true,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
};

sourceContract("files of lines", subject({ raw: { as: "text" } }));
sourceContract(
  "CSV files",
  subject({ csv: { columns: { value: "VARCHAR" }, fields: ["value"], delimiter: ",", header: false, nullText: "" } }),
);
