import type { Format } from "../component/record.ts";
import { appendJsonText, memberName } from "./json-text.ts";
import { invalidUtf8At, notUtf8 } from "./utf8.ts";

/** The value as it is, in one column `value`: as text, which has to be UTF-8, or as bytes, in base64. */
export function rawFormat(as: "text" | "bytes"): Format {
  const name = memberName("value");
  return {
    encode({ bytes, valueStart, valueEnd }, into) {
      if (valueStart < 0) return null;
      if (as === "bytes") {
        into.copy(name, 0, name.length);
        into.ascii(`"${bytes.toString("base64", valueStart, valueEnd)}"`);
        return null;
      }
      const invalid = invalidUtf8At(bytes, valueStart, valueEnd);
      if (invalid >= 0) return notUtf8(invalid);
      into.copy(name, 0, name.length);
      appendJsonText(into, bytes, valueStart, valueEnd);
      return null;
    },
  };
}
