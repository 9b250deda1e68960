const quote = 0x22;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Finds the end of the record that begins at `start`: the index after its line end. -1: more bytes are needed to tell, which
 * it never answers where the bytes are `complete`: no more will come, and a record may end without a line end.
 */
export type RecordEnd = (bytes: Buffer, start: number, complete: boolean) => number;

/** Each line is a record. */
export const lineEnd: RecordEnd = (bytes, start, complete) => {
  const found = bytes.indexOf(lineFeed, start);
  return found >= 0 ? found + 1 : complete ? bytes.length : -1;
};

/**
 * A CSV record may hold line ends in fields that begin with a quote. Where the quotes do not work out (one is never closed, or
 * something follows a closing one) the record ends with its first line, so that a stray quote costs few of its neighbours.
 */
export function csvRecordEnd(delimiter: string): RecordEnd {
  const separator = delimiter.charCodeAt(0);
  return (bytes, start, complete) => {
    let beginsField = true;
    for (let at = start; at < bytes.length;) {
      const byte = bytes[at]!;
      if (byte === quote && beginsField) {
        at = afterQuotes(bytes, at + 1);
        const next = at < bytes.length ? bytes[at] : -1;
        const undecided = at < 0 || next === -1 || (next === carriageReturn && at + 1 === bytes.length);
        if (undecided && !complete) return -1;
        if (at < 0) return lineEnd(bytes, start, complete);
        if (
          next !== -1 &&
          next !== separator &&
          next !== lineFeed &&
          !(next === carriageReturn && (bytes[at + 1] ?? lineFeed) === lineFeed)
        ) {
          return lineEnd(bytes, start, complete);
        }
        beginsField = false;
        continue;
      }
      at++;
      if (byte === lineFeed) return at;
      beginsField = byte === separator;
    }
    return complete ? bytes.length : -1;
  };
}

/** Index after the closing quote; -1 where there is none. A quote that is the last byte may be half of a doubled one: the caller sees that it is last. */
function afterQuotes(bytes: Buffer, start: number): number {
  for (let at = bytes.indexOf(quote, start); at >= 0; at = bytes.indexOf(quote, at + 2)) {
    if (bytes[at + 1] !== quote) return at + 1;
  }
  return -1;
}

/** Index after the record's last byte that is not of its line end, which is a newline, or a carriage return and a newline. */
export function contentEnd(bytes: Buffer, start: number, end: number): number {
  if (end <= start || bytes[end - 1] !== lineFeed) return end;
  return end - 1 > start && bytes[end - 2] === carriageReturn ? end - 2 : end - 1;
}
