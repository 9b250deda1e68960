import { describe, expect, test } from "vitest";
import type { FileFormat } from "../../../crds/format.ts";
import type { Format } from "../../../runtime/component/record.ts";
import { csvFormat } from "../../../runtime/formats/csv.ts";
import { damaged, encoded, formatContract, seededRandom, seedOf } from "../../contract/format.ts";

type CsvSpec = NonNullable<FileFormat["csv"]>;

const text = (value: string) => Buffer.from(value);
const columns = ["id", "name", "note"].map((name) => ({ name, type: "VARCHAR" }));
const spec: CsvSpec = {
  columns: { id: "VARCHAR", name: "VARCHAR", note: "VARCHAR" },
  fields: ["id", "name", "note"],
  delimiter: ",",
  header: true,
  nullText: "",
};

formatContract("csv", {
  open: () => csvFormat(spec, columns),
  good: [
    { value: text("1,Ann,x"), members: { id: "1", name: "Ann", note: "x" } },
    { value: text("1,Ann,x\r\n"), members: { id: "1", name: "Ann", note: "x" } },
    { value: text(",,"), members: { id: null, name: null, note: null } },
    { value: text('"","",""'), members: { id: "", name: "", note: "" } },
    { value: text('1,"a, ""b""\r\nc",\t"'), members: { id: "1", name: 'a, "b"\r\nc', note: '\t"' } },
    { value: text('1,5" pipe,\\é\0'), members: { id: "1", name: '5" pipe', note: "\\é\0" } },
    { value: text('"1","2","é""ü"'), members: { id: "1", name: "2", note: 'é"ü' } },
  ],
  bad: [
    { value: text(""), error: /expected 3 fields, found 1/ },
    { value: text("1,SECRET"), error: /expected 3 fields, found 2/ },
    { value: text("1,2,3,SECRET"), error: /expected 3 fields, found 4/ },
    { value: text('1,"SECRET,3'), error: /field 2: a quote is opened and never closed/ },
    { value: text('1,"SECRET"x,3'), error: /field 2: a closing quote is followed by/ },
    { value: text("1,2\nSECRET,4"), error: /field 2: more than one record/ },
    { value: Buffer.from("1,2,SECRET\xff", "latin1"), error: /^not UTF-8: .* at byte 10 / },
  ],
});

describe("the csv format", () => {
  test("takes the columns of a file in the order of its header, and passes over the others", () => {
    const format = csvFormat(spec, columns).withHeader!(text('note,"extra, one",id,name')) as Format;
    expect(encoded(format, text("n,e,1,Ann")).members).toEqual({ id: "1", name: "Ann", note: "n" });
    expect(encoded(format, text("n,1,Ann")).error).toBe("not CSV: expected 4 fields, found 3");
  });

  test.each([
    ["id,note", 'the header line lacks "name"; it has "id", "note"'],
    ["id,name,note,id", 'the header line has "id" more than once'],
    ['id,"name,note', "the header line is not CSV: field 2: a quote is opened and never closed"],
  ])("refuses the header %s", (header, problem) => {
    expect(csvFormat(spec, columns).withHeader!(text(header))).toBe(problem);
  });

  test("has no header where the manifest says there is none", () => {
    expect(csvFormat({ ...spec, header: false }, columns).withHeader).toBeUndefined();
  });

  test("takes the fields in the manifest's order, and passes over those that are no columns", () => {
    const format = csvFormat({ ...spec, fields: ["note", "other", "id", "name"] }, columns);
    expect(encoded(format, text("n,o,1,Ann")).members).toEqual({ note: "n", id: "1", name: "Ann" });
  });

  test("takes another delimiter and another text for NULL, but not where it is quoted", () => {
    const format = csvFormat({ ...spec, delimiter: "\t", nullText: "NULL" }, columns);
    expect(encoded(format, text('NULL\t"NULL"\t')).members).toEqual({ id: null, name: "NULL", note: "" });
  });

  test("finds in 20,000 records, a tenth of them damaged, just the fields a plain reading finds", () => {
    const seed = seedOf("CSV_SEED");
    const random = seededRandom(seed);
    const format = csvFormat(spec, columns);
    let refused = 0;
    for (let turn = 0; turn < 20_000; turn++) {
      const good = text(`${turn},"J. ""Doe"", ${turn}",${turn % 3 === 0 ? '"two\r\nlines"' : "é plain"}`);
      const value = random(10) === 0 ? damaged(good, random) : good;
      const { error, members } = encoded(format, value);
      if (error !== null) refused++;
      expect(
        error === null ? Object.values(members as object) : null,
        `seed ${seed}, turn ${turn}: ${value.toString("base64")}: ${error}`,
      ).toEqual(plainlyRead(value));
    }
    expect(refused, `seed ${seed}`).toBeGreaterThan(500);
  });
});

/** RFC 4180 as a grammar. The three fields, or null. */
function plainlyRead(value: Buffer): (string | null)[] | null {
  let record: string;
  try {
    record = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value).replace(/\r?\n?$/, "");
  } catch {
    return null;
  }
  const field = '("(?:[^"]|"")*"|[^",\\n][^,\\n]*|)';
  const found = new RegExp(`^${field},${field},${field}$`).exec(record);
  return found === null
    ? null
    : found.slice(1).map((one) => (one === "" ? null : one.startsWith('"') ? one.slice(1, -1).replaceAll('""', '"') : one));
}
