import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";

/** One record to produce. */
export interface DemoRecord {
  readonly key: string;
  readonly value: Buffer;
}

const datasets = new URL("../node_modules/vega-datasets/data/", import.meta.url);

interface Feature {
  readonly id: string;
  readonly properties: { readonly time: number };
}

/** Records that cannot become rows, each in a way of its own, as they happen in real topics. */
const spoilt: readonly { readonly what: string; readonly value: Buffer }[] = [
  { what: "cut off in the middle", value: Buffer.from('{"type":"Feature","id":"cut","properties":{"mag":4.1,"pla') },
  { what: "not JSON at all", value: Buffer.from("ERROR upstream timed out") },
  { what: "a magnitude in words", value: Buffer.from('{"id":"words","properties":{"mag":"strong","type":"earthquake"}}') },
  {
    what: "a time that is no number",
    value: Buffer.from('{"id":"noon","properties":{"mag":2.5,"time":"noon","type":"earthquake"}}'),
  },
  { what: "without the id that is the table's key", value: Buffer.from('{"properties":{"mag":3.3,"type":"earthquake"}}') },
  {
    what: "bytes that are no UTF-8",
    value: Buffer.concat([
      Buffer.from('{"id":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('","properties":{"type":"earthquake"}}'),
    ]),
  },
];

/** What is wrong with the spoilt records. */
export const spoiltKinds: readonly string[] = spoilt.map(({ what }) => what);

/** The USGS earthquakes of the npm package vega-datasets as they are, with the spoilt records spread among them. */
export async function earthquakeRecords(): Promise<readonly DemoRecord[]> {
  const { features } = JSON.parse(await readFile(new URL("earthquakes.json", datasets), "utf8")) as {
    features: readonly Feature[];
  };
  const records = features
    .toSorted((a, b) => a.properties.time - b.properties.time)
    .map((feature): DemoRecord => ({ key: feature.id, value: Buffer.from(JSON.stringify(feature)) }));
  const step = Math.floor(records.length / (spoilt.length + 1));
  spoilt.forEach(({ value }, at) => {
    records.splice(step * (at + 1) + at, 0, { key: `spoilt-${at + 1}`, value });
  });
  return records;
}

/** The first `count` flights of vega-datasets' three million, each a line of CSV, in the order they left. */
export async function flightRecords(count: number): Promise<readonly DemoRecord[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const file = fileURLToPath(new URL("flights-3m.parquet", datasets)).replaceAll("'", "''");
  const result = await connection.runAndReadAll(
    `SELECT origin, concat_ws(',', strftime(date, '%Y/%m/%d %H:%M'), delay, distance, origin, destination)
     FROM read_parquet('${file}') LIMIT ${count}`,
  );
  const records = result
    .getRows()
    .map(([origin, line]): DemoRecord => ({ key: String(origin), value: Buffer.from(String(line)) }));
  connection.closeSync();
  instance.closeSync();
  return records;
}
