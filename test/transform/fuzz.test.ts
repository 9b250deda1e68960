import { expect, test } from "vitest";
import { Batch } from "../../runtime/component/batch.ts";
import type { Chunk, RecordView } from "../../runtime/component/record.ts";
import { jsonFormat } from "../../runtime/formats/json.ts";
import { open, randomNumbers, readRows, seedOf } from "./run-sql.ts";

const recordCount = 20_000;
const columns = {
  id: "INTEGER",
  name: "VARCHAR",
  amount: "DECIMAL(18,2)",
  at: "TIMESTAMP",
  ok: "BOOLEAN",
  c: "STRUCT(e VARCHAR, n INTEGER)",
  tags: "VARCHAR[]",
};

/** How a record is spoiled. Each makes it wrong in every case. */
const corruptions: Readonly<Record<string, (text: string, random: () => number) => Buffer>> = {
  cut: (text, random) => Buffer.from(text.slice(0, 1 + Math.floor(random() * (text.length - 1)))),
  garbage: () => Buffer.from("garbage"),
  empty: () => Buffer.alloc(0),
  extraBrace: (text) => Buffer.from(`${text}}`),
  missingBrace: (text) => Buffer.from(text.slice(0, -1)),
  unclosedList: (text) => Buffer.from(text.replace('"tags":[', '"tags":[[')),
  unclosedObject: (text) => Buffer.from(text.replace('"c":{', '"c":{"x":{')),
  closingBrackets: () => Buffer.from(`]}`),
  openString: (text) => Buffer.from(text.replace('"name":"', '"name":"\\"').replace('","amount', ',"amount')),
  rawNewline: (text) => Buffer.from(text.replace('"name":"', '"name":"a\nb')),
  badUtf8: (text) => Buffer.concat([Buffer.from(text.slice(0, 20)), Buffer.from([0xff, 0xc0]), Buffer.from(text.slice(20))]),
  loneSurrogate: (text) => Buffer.from(text.replace('"name":"', '"name":"\\ud800')),
  badToken: (text) => Buffer.from(text.replace('"ok":', '"ok":t')),
  nan: (text) => Buffer.from(text.replace(/"amount":"[^"]*"/, '"amount":NaN')),
  trailingComma: (text) => Buffer.from(text.replace(/}$/, ",}")),
  twoValues: (text) => Buffer.from(`${text}${text}`),
  list: (text) => Buffer.from(`[${text}]`),
  amountText: (text) => Buffer.from(text.replace(/"amount":"[^"]*"/, '"amount":"n/a"')),
  epoch: (text) => Buffer.from(text.replace(/"at":"[^"]*"/, '"at":1767225600000')),
  shape: (text) => Buffer.from(text.replace('"tags":[', '"tags":{"0":[').replace(/}$/, "}}")),
  nested: (text) => Buffer.from(text.replace(/"n":[0-9]+/, '"n":"seven"')),
  fraction: (text) => Buffer.from(text.replace(/"id":([0-9]+)/, '"id":$1.5')),
};

/** A good record. Its texts hold what looks like structure. */
function goodRecord(id: number, random: () => number): string {
  const name = ["Zoë", 'a"b\\', "{[", "]}", "\u{1f9ca}", "line\nbreak", ""][Math.floor(random() * 7)];
  const record = {
    id,
    name,
    amount: (random() * 10_000).toFixed(2),
    at: new Date(1.7e12 + Math.floor(random() * 1e10)).toISOString(),
    ok: random() < 0.5,
    c: { e: `${id}@example.com`, n: Math.floor(random() * 100) },
    tags: ["x", "y,]"].slice(0, Math.floor(random() * 3)),
  };
  return JSON.stringify(record);
}

test("20,000 records, 10 % spoiled: no good one is lost, no bad one accepted, each reject is its own record", async () => {
  const random = randomNumbers(seedOf("fuzz"));
  const kinds = Object.keys(corruptions);
  const records = Array.from({ length: recordCount }, (_, id) => {
    const good = goodRecord(id, random);
    if (random() >= 0.1) return { bytes: Buffer.from(good), spoiled: null };
    const kind = kinds[Math.floor(random() * kinds.length)]!;
    const bytes = corruptions[kind]!(good, random);
    return { bytes, spoiled: bytes.equals(Buffer.from(good)) ? null : kind };
  });
  const batch = fill(records.map(({ bytes }) => bytes));
  await using transform = await open({ columns });
  const { rows, rejects } = await transform.transformer.run(batch, batch.rejects, new AbortController().signal);
  const accepted = rows === null ? [] : (await readRows(rows)).map((row) => Number(row[0]));
  const rejected = new Map(rejects.map((reject) => [reject.ordinal, reject.error]));
  expect(
    records.flatMap(({ spoiled }, id) => (spoiled === null && rejected.has(id) ? [`${id}: ${rejected.get(id)}`] : [])),
  ).toEqual([]);
  expect(records.flatMap(({ spoiled }, id) => (spoiled !== null && !rejected.has(id) ? [`${id}: ${spoiled}`] : []))).toEqual([]);
  expect(accepted).toEqual(records.flatMap(({ spoiled }, id) => (spoiled === null ? [id] : [])));
  for (const { ordinal } of rejects) expect(batch.original(ordinal).value).toEqual(records[ordinal]!.bytes);
});

test("a batch's bytes after `length` are another batch's and do not come out", async () => {
  await using transform = await open({ columns: { id: "INTEGER" } });
  const batch = fill([`{"id":1}`, `{"id":2}`, `{"id":3}`].map((text) => Buffer.from(text)));
  batch.clear();
  append(batch, Buffer.from(`{"id":9}`));
  const { rows } = await transform.transformer.run(batch, batch.rejects, new AbortController().signal);
  expect(rows === null ? [] : await readRows(rows)).toEqual([[9]]);
});

function fill(values: readonly Buffer[]): Batch {
  const batch = new Batch([], { bytesMax: 1 << 30, recordsMax: recordCount });
  for (const value of values) append(batch, value);
  return batch;
}

const format = jsonFormat();
function append(batch: Batch, value: Buffer): void {
  const chunk: Chunk = { byteLength: value.length, original: () => ({ key: null, value, headers: [] }) };
  const view: RecordView = {
    chunk,
    start: 0,
    bytes: value,
    valueStart: 0,
    valueEnd: value.length,
    keyStart: -1,
    keyEnd: -1,
    offset: batch.count,
    timestampMs: 0,
    partition: 0,
    topic: "t",
  };
  batch.append(view, format);
}
