import type { Random } from "../exactly-once/random.ts";

/** A good record, as the table should show it. */
export interface Good {
  readonly id: number;
  readonly amount: string;
  readonly happened: string;
  readonly name: string;
}

/** How records of one format are written, and spoilt for sure: no reader could take a spoilt one for good. */
export interface Corruptible {
  readonly format: object;
  write(good: Good, random: Random): Buffer;
  readonly spoil: readonly [Spoil, ...Spoil[]];
}
type Spoil = (good: Good, random: Random) => Buffer;

const names = [
  "Zoë",
  'quo"te',
  "comma, semi;",
  "tab\there",
  "back\\slash",
  "line\nbreak",
  "日本語",
  "🜁 air",
  "",
  "'single'",
  "{[",
  "]}",
  "null",
] as const;

/** The good record with this id. */
export function goodRecord(id: number, random: Random): Good {
  const cents = random.integer(-5_000_000, 5_000_000);
  const amount = `${cents < 0 ? "-" : ""}${Math.trunc(Math.abs(cents) / 100)}.${String(Math.abs(cents) % 100).padStart(2, "0")}`;
  const happened = new Date(Date.UTC(2026, 0, 1) + random.integer(0, 31_536_000) * 1000).toISOString().slice(0, 19);
  return { id, amount, happened, name: `${random.pick(names)} ${id}` };
}

/** Cuts at least one byte off, and leaves at least one. */
const cut = (whole: Buffer, random: Random): Buffer => whole.subarray(0, random.integer(1, whole.length - 1));
const garbage = (random: Random): Buffer =>
  Buffer.from(Array.from({ length: random.integer(1, 60) }, () => random.integer(128, 255)));

const jsonObject = ({ id, amount, happened, name }: Good): Record<string, unknown> => ({ id, amount, happened, name });
const jsonText = (members: object): Buffer => Buffer.from(JSON.stringify(members));
/** Puts bytes into the string of `name`. */
const inName = (good: Good, bytes: readonly number[]): Buffer => {
  const [before, after] = JSON.stringify({ ...jsonObject(good), name: "@" }).split("@") as [string, string];
  return Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
};

/** JSON: other orders of members, white space and escapes are good; 22 ways to spoil it. */
export const json: Corruptible = {
  format: { json: { columns: { id: "BIGINT", amount: "DECIMAL(18,2)", happened: "TIMESTAMP", name: "VARCHAR" } } },
  write: (good, random) => {
    const members = jsonObject(good);
    const shuffled = Object.fromEntries(Object.entries(members).toSorted(() => random.next() - 0.5));
    return random.pick([
      () => jsonText(members),
      () => Buffer.from(JSON.stringify(shuffled, null, 2)),
      () => jsonText({ ...members, more: { deep: [[{ id: "not this" }]] }, _i: 7 }),
      () => Buffer.from(`\r\n ${JSON.stringify(members)} \n`),
      () =>
        Buffer.from(
          JSON.stringify(members).replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
        ),
    ])();
  },
  spoil: [
    (good, random) => cut(jsonText(jsonObject(good)), random),
    (_good, random) => garbage(random),
    (good) => Buffer.concat([jsonText(jsonObject(good)), Buffer.from("}")]),
    (good) => Buffer.from(JSON.stringify(jsonObject(good)).replace('"amount":', '"more":[{"amount":')),
    (good) => Buffer.from(JSON.stringify(jsonObject(good)).replace('"name":"', '"name":')),
    (good) => Buffer.concat([jsonText(jsonObject(good)), Buffer.from("\n"), jsonText(jsonObject(good))]),
    (good) => jsonText({ ...jsonObject(good), amount: "n/a" }),
    (good) => jsonText({ ...jsonObject(good), amount: { value: good.amount } }),
    (good) => jsonText({ ...jsonObject(good), happened: "2026-02-30T00:00:00" }),
    (good) => jsonText({ ...jsonObject(good), id: "12x" }),
    (good) => jsonText({ ...jsonObject(good), id: "99999999999999999999" }),
    (good) => jsonText([jsonObject(good)]),
    (good) => jsonText({ ...jsonObject(good), id: [good.id] }),
    (good) => inName(good, [0xff, 0xfe]),
    (good) => inName(good, [0xc0, 0x80]),
    (good) => inName(good, [0x0a]),
    (good) => inName(good, [0x5c, 0x78]),
    () => Buffer.from("null"),
    () => Buffer.from('"text"'),
    () => Buffer.from("12"),
    () => Buffer.from(" \n\t"),
    (good) => Buffer.from(`// comment\n${JSON.stringify(jsonObject(good))}`),
  ],
};

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const csvText = ({ id, amount, happened, name }: Good): string => [id, amount, happened, quoted(name)].join(",");

/** CSV without a header. */
export const csv: Corruptible = {
  format: {
    csv: {
      columns: { id: "BIGINT", amount: "DECIMAL(18,2)", happened: "TIMESTAMP", name: "VARCHAR" },
      delimiter: ",",
      header: false,
      nullText: "NULL",
    },
  },
  write: (good, random) =>
    Buffer.from(
      random.pick([
        () => csvText(good),
        () => `${csvText(good)}\r\n`,
        () => [good.id, good.amount, good.happened, good.name].map((field) => quoted(String(field))).join(","),
      ])(),
    ),
  spoil: [
    (good) => Buffer.from(csvText(good).slice(0, -1)),
    (good) => Buffer.from(csvText(good).split(",").slice(0, 3).join(",")),
    (_good, random) => garbage(random),
    (good) => Buffer.from(`${csvText(good)},more`),
    (good) => Buffer.from(`${csvText(good)}\n${csvText(good)}`),
    (good) => Buffer.from(`${csvText(good)}trailing`),
    (good) => Buffer.from(csvText({ ...good, amount: "n/a" })),
    (good) => Buffer.from(csvText({ ...good, happened: "yesterday" })),
    (good) => Buffer.from(csvText(good).replace(String(good.id), `x${good.id}`)),
    (good) => Buffer.concat([Buffer.from(`${good.id},${good.amount},${good.happened},"`), Buffer.from([0xff]), Buffer.from('"')]),
    () => Buffer.from(" "),
  ],
};

const zigzag = (value: number): Buffer => {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  do {
    const more = rest > 0x7fn;
    bytes.push(Number(rest & 0x7fn) | (more ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
};
const avroString = (bytes: Buffer): Buffer => Buffer.concat([zigzag(bytes.length), bytes]);
const avroDecimal = (amount: string): Buffer => {
  const unscaled = Buffer.alloc(8);
  unscaled.writeBigInt64BE(BigInt(amount.replace(".", "")));
  return avroString(unscaled);
};
/** Bare Avro, written by hand from the specification: id, amount, happened, a union of null and string. */
const avroParts = ({ id, amount, happened, name }: Good): Buffer[] => [
  zigzag(id),
  avroDecimal(amount),
  zigzag(Date.parse(`${happened}Z`)),
  zigzag(1),
  avroString(Buffer.from(name)),
];

/** Bare Avro by an inline schema. */
export const avro: Corruptible = {
  format: {
    avro: {
      schema: JSON.stringify({
        type: "record",
        name: "Good",
        fields: [
          { name: "id", type: "long" },
          { name: "amount", type: { type: "bytes", logicalType: "decimal", precision: 18, scale: 2 } },
          { name: "happened", type: { type: "long", logicalType: "timestamp-millis" } },
          { name: "name", type: ["null", "string"] },
        ],
      }),
      columns: { id: "BIGINT", amount: "DECIMAL(18,2)", happened: "TIMESTAMP", name: "VARCHAR" },
    },
  },
  write: (good) => Buffer.concat(avroParts(good)),
  spoil: [
    (good, random) => cut(Buffer.concat(avroParts(good)), random),
    (good, random) => Buffer.concat([...avroParts(good), garbage(random)]),
    (good) => Buffer.concat(avroParts(good).with(3, zigzag(2))),
    (good) => Buffer.concat(avroParts(good).with(3, zigzag(-1))),
    (good) => Buffer.concat(avroParts(good).with(4, zigzag(-5))),
    (good) => Buffer.concat(avroParts(good).with(4, Buffer.concat([zigzag(1_000_000), Buffer.from("short")]))),
    (good) => Buffer.concat(avroParts(good).with(4, avroString(Buffer.from([0xff, 0xfe])))),
    (good) => Buffer.concat(avroParts(good).with(0, Buffer.alloc(11, 0xff))),
    () => Buffer.from([0x80]),
  ],
};
