import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Lookup } from "../../crds/kinds/transform.ts";
import { open, type Opened, type RunOptions } from "./run-sql.ts";

const columns = { currency: "VARCHAR", rate: "DOUBLE" } as const;
const good = `[{"currency":"EUR","rate":1},{"currency":"USD","rate":"0.9","more":true}]`;
let directory: string;
/** What the server answers, and to which credentials only. */
let answer: { status: number; body: string | Buffer; authorization?: string };
let server: Server;
let port: number;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "snowline-lookups-"));
  server = createServer((request, response) => {
    if (answer.authorization !== undefined && request.headers.authorization !== answer.authorization)
      response.writeHead(401).end();
    else response.writeHead(answer.status).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true });
});

function file(path: string, refreshSeconds = 0): Lookup {
  return { refreshSeconds, file: { path, columns } };
}
async function openRates(rates: Lookup, more: Partial<RunOptions> = {}): Promise<Opened> {
  return open({
    columns: { currency: "VARCHAR" },
    sql: "SELECT currency, rate FROM source LEFT JOIN rates USING (currency)",
    lookups: { rates },
    path: (text) => join(directory, text),
    ...more,
  });
}
async function ratesOf(transform: Opened): Promise<unknown> {
  return Object.fromEntries((await transform.run([`"currency":"EUR"`, `"currency":"USD"`])).rows as [string, unknown][]);
}

test.each([
  ["list.json", good],
  ["pretty.json", JSON.stringify(JSON.parse(good), null, 2)],
  ["lines.jsonl", `{"currency":"EUR","rate":1}\n{"currency":"USD","rate":0.9}\n`],
  ["rates.csv", "rate,other,currency\n1,x,EUR\n0.9,y,USD\n"],
  ["rates.csv.gz", gzipSync("currency,rate\nEUR,1\nUSD,0.9\n")],
  ["list.json.gz", gzipSync(good)],
])("a lookup is read from %s", async (name, content) => {
  await writeFile(join(directory, name), content);
  await using transform = await openRates(file(name));
  expect(await ratesOf(transform)).toEqual({ EUR: 1, USD: 0.9 });
});

const plain = "x,y\n".repeat(30_000);
test.each<[what: string, name: string, content: string, rows: (string | null)[][]]>([
  [
    "quotes after many rows without",
    "a.csv",
    `code,name\n${plain}k,"a b"\nk,"say ""hi"""\nk,"1\n2"\n`,
    [
      ["k", "a b"],
      ["k", 'say "hi"'],
      ["k", "1\n2"],
    ],
  ],
  [
    "rows that begin with #",
    "a.csv",
    "code,name\n#f00,red\nk,# red\n",
    [
      ["#f00", "red"],
      ["k", "# red"],
    ],
  ],
  ["one column with ; and |", "a.csv", "code\na;b\nc|d\n", [["a;b"], ["c|d"]]],
  ["a first row like a header", "a.csv", "code,1\nname,2\n", [["name"]]],
  ["fields empty with quotes and without", "a.csv", 'code,name\n"",\n', [["", null]]],
  ["CRLF, a byte order mark and quoted names", "a.csv", '\ufeff"co""de",x\r\n1,2\r\n', [["1"]]],
  ["tabs", "a.TSV", "code\tname\na,b\tc\n", [["a,b", "c"]]],
  ["a header alone", "a.csv", "code,name\n", []],
])("nothing of a CSV lookup is guessed: %s", async (_what, name, content, rows) => {
  await writeFile(join(directory, name), content);
  const names = content.startsWith("\ufeff") ? ['co"de'] : /code[,\t]name/.test(content) ? ["code", "name"] : ["code"];
  const csv = { path: name, columns: Object.fromEntries(names.map((column) => [column, "VARCHAR"])) };
  await using transform = await open({
    columns: { i: "INTEGER" },
    sql: `SELECT l.* FROM source CROSS JOIN l WHERE "${names[0]!.replace('"', '""')}" <> 'x'`,
    lookups: { l: { refreshSeconds: 0, file: csv } },
    path: (text) => join(directory, text),
  });
  expect((await transform.run([`"i":1`])).rows).toEqual(rows);
});

test("a lookup is read from Parquet, cast to its declared types", async () => {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(`COPY (SELECT 'EUR' AS currency, 1 AS rate UNION ALL SELECT 'USD', 2) TO '${directory}/rates.parquet'`);
  await connection.run(`COPY (SELECT 'EUR' AS currency, 'one' AS rate) TO '${directory}/text.parquet'`);
  instance.closeSync();
  await using transform = await openRates(file("rates.parquet"));
  expect(await ratesOf(transform)).toEqual({ EUR: 1, USD: 2 });
  await expect(openRates(file("text.parquet"))).rejects.toThrow("lookup rates: row 1, column rate: a text does not fit DOUBLE");
});

test.each([
  ["absent.csv", null, "absent.csv: there is no such file"],
  [
    "wrong.json",
    `[{"currency":"EUR","rate":1},{"currency":"USD","rate":"secret"}]`,
    "row 2, column rate: a value does not fit DOUBLE",
  ],
  ["broken.json", `[{"currency":"EUR"`, "it cannot be read as json"],
  ["wrong.csv", "currency,rate\nEUR,secret\n", "row 1, column rate: a value does not fit DOUBLE"],
  ["names.csv", "currency,rates\nEUR,1\n", "it has no column rate; did you mean rates?"],
  [
    "short.csv",
    "currency,rate\nEUR,1\nsecret\n",
    "it cannot be read as csv: line 3: expected 2 fields as in the header, found 1",
  ],
  ["long.csv", "currency,rate\nEUR,1,secret\n", "line 2: expected 2 fields as in the header, found 3"],
  ["quote.csv", 'currency,rate\nEUR,"secret\n', "line 2: a quote is not closed"],
  ["twice.csv", "currency,rate,Rate\nEUR,1,2\n", "its header has the column rate 2 times"],
  ["semicolons.csv", "currency;rate\nEUR;1\n", "(commas separate the fields of a lookup, tabs where its name ends in .tsv)"],
  ["empty.csv", "", "its first line is empty: it has to name the columns"],
  ["no.parquet", "no parquet at all", "it cannot be read as parquet"],
])("a first reading that fails says which lookup and why: %s", async (name, content, message) => {
  if (content !== null) await writeFile(join(directory, name), content);
  const opening = openRates(file(name));
  await expect(opening).rejects.toThrow(/^lookup rates: /);
  await expect(opening).rejects.toThrow(message);
  await expect(opening).rejects.not.toThrow("secret");
});

test("a lookup is read over HTTP, with the URL's credentials and never showing them", async () => {
  const url = `http://reader:pass%40word@127.0.0.1:${port}/rates?token=hidden`;
  const rates: Lookup = { refreshSeconds: 0, http: { url, type: "json", columns } };
  answer = { status: 200, body: good, authorization: `Basic ${Buffer.from("reader:pass@word").toString("base64")}` };
  await using transform = await openRates(rates);
  expect(await ratesOf(transform)).toEqual({ EUR: 1, USD: 0.9 });
  const percent: Lookup = { refreshSeconds: 0, http: { url: url.replace("%40", "%"), type: "json", columns } };
  await expect(openRates(percent)).rejects.toThrow(
    new Error(
      `lookup rates: http://127.0.0.1:${port}/rates: a % in the user name or password of its URL has to be written as %25`,
    ),
  );
  answer = { status: 503, body: "" };
  await expect(openRates(rates)).rejects.toThrow(new Error(`lookup rates: http://127.0.0.1:${port}/rates: HTTP status 503`));
  answer = { status: 200, body: Buffer.alloc(65 * 1024 * 1024, " ") };
  await expect(openRates(rates)).rejects.toThrow("larger than the 64 MiB a lookup may have");
});

test("a refresh comes between batches, and one that fails keeps what was there and is told", async () => {
  let nowMs = 0;
  const told: (string | null)[] = [];
  let toldNext = Promise.withResolvers<void>();
  const rates: Lookup = { refreshSeconds: 60, http: { url: `http://127.0.0.1:${port}/rates.json`, columns } };
  answer = { status: 200, body: good };
  const onLookup = (_name: string, error: string | null): void => {
    told.push(error);
    toldNext.resolve();
    toldNext = Promise.withResolvers();
  };
  await using transform = await openRates(rates, { now: () => nowMs, onLookup });
  answer = { status: 200, body: good.replace("0.9", "0.8") };
  nowMs = 59_999;
  expect(await ratesOf(transform)).toEqual({ EUR: 1, USD: 0.9 });
  nowMs = 60_000;
  let refreshed = toldNext.promise;
  expect(await ratesOf(transform)).toEqual({ EUR: 1, USD: 0.9 });
  await refreshed;
  expect(await ratesOf(transform)).toEqual({ EUR: 1, USD: 0.8 });
  answer = { status: 200, body: good.replace("0.9", "lots") };
  nowMs = 120_000;
  refreshed = toldNext.promise;
  await transform.run([`"currency":"EUR"`]);
  await refreshed;
  expect(await ratesOf(transform)).toEqual({ EUR: 1, USD: 0.8 });
  expect(told).toEqual([null, null, "lookup rates: row 2, column rate: a value does not fit DOUBLE; the former table stays"]);
  // After an idle night the batch waits for what is new.
  answer = { status: 200, body: good.replace("0.9", "0.7") };
  nowMs = 40_000_000;
  expect(await ratesOf(transform)).toEqual({ EUR: 1, USD: 0.7 });
});
