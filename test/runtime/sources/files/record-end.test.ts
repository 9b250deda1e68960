import { expect, test } from "vitest";
import { contentEnd, csvRecordEnd, lineEnd, type RecordEnd } from "../../../../runtime/sources/files/record-end.ts";

const csv = csvRecordEnd(",");
const content = 'a,"b""c\r\n,d"\r\n"x"\n"",""""\n\r\n"y"z\n5" pipe\n"open\nlast,"z"';

function records(recordEnd: RecordEnd, text: string): string[] {
  const bytes = Buffer.from(text);
  const found: string[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = recordEnd(bytes, start, true);
    found.push(bytes.toString("utf8", start, contentEnd(bytes, start, end)));
    start = end;
  }
  return found;
}

test("CSV records end at the line ends outside quotes, and broken ones at their first", () => {
  expect(records(csv, content)).toEqual(['a,"b""c\r\n,d"', '"x"', '"",""""', "", '"y"z', '5" pipe', '"open', 'last,"z"']);
});

test("lines end at every line end", () => {
  expect(records(lineEnd, "a\r\n\nb\rc\n\rd")).toEqual(["a", "", "b\rc", "\rd"]);
  expect(records(lineEnd, "a\r\r\nb\r")).toEqual(["a\r", "b\r"]);
});

test("with part of the bytes a record's end is what it is with all of them, or not known yet", () => {
  const bytes = Buffer.from(content);
  for (let start = 0; start < bytes.length; start++) {
    const end = csv(bytes, start, true);
    const known = Array.from({ length: bytes.length - start }, (_, cut) => csv(bytes.subarray(0, start + cut), start, false));
    expect({ start, ends: [...new Set(known)].filter((one) => one !== -1 && one !== end) }).toEqual({ start, ends: [] });
  }
});
