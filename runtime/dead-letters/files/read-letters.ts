import { createReadStream } from "node:fs";
import { createInterface } from "node:readline/promises";
import { Terminal } from "../../component/errors.ts";
import type { Letter } from "../../component/dead-letters.ts";
import { parseLetter } from "./letter-line.ts";

/** The letters of a file, one in memory at a time. Throws Terminal naming the line that is none. */
export async function* readLetters(path: string): AsyncGenerator<Letter, void, void> {
  const input = createReadStream(path);
  let row = 0;
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      row++;
      const letter = parseLetter(line);
      if (letter === null)
        throw new Terminal(
          "LettersDamaged",
          `dead letters: ${path} line ${row}: is no letter; remove the line to replay the others`,
        );
      yield letter;
    }
  } catch (error) {
    if (error instanceof Terminal) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw new Terminal("LettersUnreadable", `dead letters: ${path} cannot be read (${code})`, { cause: error });
  } finally {
    input.destroy();
  }
}
