import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { Terminal } from "../../../../runtime/component/errors.ts";
import { failure, folderOfEachTest, json } from "./open-files.ts";
import { readAll } from "./reading.ts";

const folder = folderOfEachTest();

describe("compressed files", () => {
  const content = Buffer.from(
    Array.from({ length: 30_000 }, (_, row) => `{"a":${row},"b":"${(row * 7919) % 10007}"}\n`).join(""),
  );
  const frames = (compress: (part: Buffer) => Buffer) => [content.subarray(0, 400_000), content.subarray(400_000)].map(compress);

  test.each([
    ["x.gz", Buffer.concat(frames(gzipSync))],
    ["x.zst", Buffer.concat(frames(zstdCompressSync))],
    ["X.JSON.GZ", gzipSync(content)],
    ["X.Zst", zstdCompressSync(content)],
  ])("of several parts are read to the end: %s", async (name, bytes) => {
    await folder.put(name, bytes);
    await using source = await folder.opened(json);
    expect((await readAll(source, { recordsMax: 10_000 })).lines).toHaveLength(30_000);
  });

  test.each([
    ["x.gz", gzipSync(content).subarray(0, -9), /x\.gz: cannot be decompressed: it is cut off/],
    ["x.gz", Buffer.from("no gzip at all"), /x\.gz: cannot be decompressed/],
    ["x.zst", zstdCompressSync(content).subarray(0, -9), /x\.zst: cannot be decompressed: it is cut off/],
    ["x.zst", Buffer.concat([zstdCompressSync(content), Buffer.from("rubbish")]), /x\.zst: cannot be decompressed/],
    ["x.zst", Buffer.concat(frames(zstdCompressSync)).subarray(0, -9), /x\.zst: cannot be decompressed/],
  ])("that are damaged stop the pipeline by name: %s", async (name, bytes, message) => {
    await folder.put(name, bytes);
    await using source = await folder.opened(json);
    const error = await failure(readAll(source, { recordsMax: 10_000 }));
    expect(error).toBeInstanceOf(Terminal);
    expect(String(error)).toMatch(message);
  });
});
