import { isUtf8 } from "node:buffer";
import { expect, test } from "vitest";
import { invalidUtf8At } from "../../../runtime/formats/utf8.ts";
import { damaged, seededRandom, seedOf } from "../../contract/format.ts";

test("the place where bytes stop being UTF-8 is after the longest prefix that is", () => {
  const seed = seedOf("UTF8_SEED");
  const random = seededRandom(seed);
  const text = Buffer.from("aé€😀\u{10ffff}\ud7ff\ue000z");
  for (let turn = 0; turn < 5000; turn++) {
    const bytes = damaged(text, random);
    const at = invalidUtf8At(bytes, 0, bytes.length);
    const longer = [1, 2, 3, 4].map((more) => at + more).filter((end) => end <= bytes.length);
    const right = at < 0 ? isUtf8(bytes) : isUtf8(bytes.subarray(0, at)) && !longer.some((end) => isUtf8(bytes.subarray(0, end)));
    expect({ seed, turn, bytes: bytes.toString("hex"), right }).toMatchObject({ right: true });
  }
});
