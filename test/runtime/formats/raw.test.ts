import { rawFormat } from "../../../runtime/formats/raw.ts";
import { formatContract } from "../../contract/format.ts";

formatContract("raw text", {
  open: () => rawFormat("text"),
  good: [
    { value: Buffer.from('héllo 😀\r\n\t"\\\0\x7f'), members: { value: 'héllo 😀\r\n\t"\\\0\x7f' } },
    { value: Buffer.alloc(0), members: { value: "" } },
    { value: Buffer.from("\ufeffx"), members: { value: "\ufeffx" } },
  ],
  bad: [
    { value: Buffer.from("SECRET\xe9", "latin1"), error: /^not UTF-8: .* at byte 6 of the value$/ },
    { value: Buffer.from("\xed\xa0\x80", "latin1"), error: /at byte 0/ },
    { value: Buffer.from("ab\xf0\x9f\x98", "latin1"), error: /at byte 2/ },
    { value: Buffer.from("a\xc0\x80", "latin1"), error: /at byte 1/ },
  ],
});

formatContract("raw bytes", {
  open: () => rawFormat("bytes"),
  good: [
    { value: Buffer.from([0, 255, 10]), members: { value: "AP8K" } },
    { value: Buffer.alloc(0), members: { value: "" } },
  ],
  bad: [],
});
