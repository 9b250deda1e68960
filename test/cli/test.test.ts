import { describe, expect, it } from "vitest";
import { snowline } from "./captured-shell.ts";
import { folder, pipelineYaml } from "./manifests.ts";

/** Runs `snowline test` on a pipeline with some cases. */
async function test(manifest: string, cases: string, ...more: readonly string[]) {
  await using files = await folder({ "orders.yaml": manifest, "orders.test.yaml": cases });
  const ran = await snowline(["test", files.file("orders.yaml"), ...more]);
  return { ...ran, stdout: ran.stdout.replaceAll(`${files.path}/`, ""), stderr: ran.stderr.replaceAll(`${files.path}/`, "") };
}

const kafka = (format: string, more = ""): string =>
  `{ kafka: { connection: events, topics: [orders], ${more} format: ${format} } }`;

describe("snowline test", () => {
  it("passes cases whose rows and rejects are as expected", async () => {
    const cases = `
- name: doubles
  input: [{ value: { id: a, amount: "1.50" } }, { value: { id: b, amount: "2" } }]
  rows: [{ id: b, doubled: 4 }, { id: a, doubled: "3.00" }]
- name: rejects words
  input: [{ value: { id: a, amount: lots } }]
  rejects: [{ input: 1, error: amount }]
`;
    expect(await test(pipelineYaml(), cases)).toEqual({
      code: 0,
      stdout: "✓ doubles\n✓ rejects words\n\n2 cases passed\n",
      stderr: "",
    });
  });

  it("shows the difference of cases that fail, and exits with 1", async () => {
    const cases = `
- name: all wrong
  input: [{ value: { id: a, amount: 1 } }, { value: { id: b, amount: 2 } }, { text: "{" }]
  rows: [{ id: a, doubled: 3 }, { id: z, doubled: 100 }]
  rejects: [{ input: 2 }]
- name: right
  input: [{ value: { id: a, amount: 1 } }]
  rows: [{ id: a }]
`;
    const { code, stdout } = await test(pipelineYaml(), cases);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✗ all wrong {2}orders\.test\.yaml:2\n/);
    expect(stdout).toContain("    input 2 was not rejected\n      - (any reason)\n    input 3 was rejected\n      + not JSON");
    expect(stdout).toContain("    row 1\n      - doubled: 3.00\n      + doubled: 2.00\n");
    expect(stdout).toContain('    row 2 did not come out\n      - { id: "z", doubled: 100.00 }\n');
    expect(stdout).toContain('    a row came out that was not expected\n      + { id: "b", doubled: 4.00 }\n');
    expect(stdout).toContain("✓ right\n\n1 case passed, 1 failed   (- expected  + came out)\n");
  });

  it("colours the difference on a terminal", async () => {
    await using files = await folder({
      "o.yaml": pipelineYaml(),
      "o.test.yaml": "- { name: x, input: [{ value: { id: a, amount: 1 } }], rows: [{ id: b, doubled: 2 }] }",
    });
    const { stdout } = await snowline(["test", files.file("o.yaml")], { colour: true });
    expect(stdout).toContain('\u001B[31m  - id: "b"\u001B[39m');
    expect(stdout).toContain('\u001B[32m  + id: "a"\u001B[39m');
  });

  it("lets cases see keys, headers, positions and tombstones as the pipeline does", async () => {
    const sql =
      "SELECT _key AS k, _headers['trace'] AS trace, _topic AS t, _partition AS p, _offset AS o, _timestamp AS at, id FROM source";
    const cases = `
- name: all of a record
  input:
    - { value: { id: a }, key: k1, headers: { trace: abc }, topic: other, partition: 3, offset: 9, timestamp: "2026-01-31T12:00:00Z" }
    - { value: null, key: gone }
  rows:
    - { k: k1, trace: abc, t: other, p: 3, o: 9, at: "2026-01-31 12:00:00+00", id: a }
    - { k: gone, trace: null, t: orders, p: 0, o: 1, at: "2026-01-01 00:00:00+00", id: null }
`;
    const format = "{ json: { columns: { id: VARCHAR } } }";
    expect((await test(pipelineYaml({ source: kafka(format, "tombstones: keep,"), sql }), cases)).stdout).toContain(
      "✓ all of a record",
    );
    const rejected = "- { name: refused, input: [{ value: null }], rejects: [{ input: 1, error: tombstone }] }";
    expect((await test(pipelineYaml({ source: kafka(format, "tombstones: reject,"), sql }), rejected)).stdout).toContain(
      "✓ refused",
    );
    const skipped = "- { name: skipped, input: [{ value: null }, { text: x }], rejects: [{ input: 2 }] }";
    expect((await test(pipelineYaml({ source: kafka(format), sql }), skipped)).stdout).toContain("✓ skipped");
  });

  it("writes values in the manifest's format: CSV, Avro, raw", async () => {
    const csv = kafka('{ csv: { columns: { id: VARCHAR, amount: "DECIMAL(10,2)" }, fields: [amount, id], delimiter: ";" } }');
    const both =
      '- { name: n, input: [{ value: { id: "a;b", amount: 1 } }, { text: "2;c" }], rows: [{ id: "a;b", doubled: 2 }, { id: c, doubled: 4 }] }';
    expect((await test(pipelineYaml({ source: csv }), both)).stdout).toContain("1 case passed");

    const schema = JSON.stringify({
      type: "record",
      name: "Order",
      fields: [
        { name: "id", type: ["null", "string"] },
        { name: "amount", type: "long" },
      ],
    });
    const values =
      '- { name: n, input: [{ value: { id: a, amount: 1 } }, { value: { id: null, amount: 2 } }, { base64: "/w==" }], rows: [{ id: a, doubled: 2 }, { id: null, doubled: 4 }], rejects: [{ input: 3 }] }';
    expect((await test(pipelineYaml({ source: kafka(`{ avro: { schema: '${schema}' } }`) }), values)).stdout).toContain(
      "1 case passed",
    );
    const wrong = "- { name: n, input: [{ value: { id: a, amount: b } }] }";
    expect((await test(pipelineYaml({ source: kafka(`{ avro: { schema: '${schema}' } }`) }), wrong)).stdout).toContain(
      "input 1: the value does not fit the Avro schema",
    );

    const raw = pipelineYaml({ source: kafka("{ raw: { as: bytes } }"), sql: "SELECT octet_length(value) AS bytes FROM source" });
    expect((await test(raw, "- { name: n, input: [{ base64: AAEC }], rows: [{ bytes: 3 }] }")).stdout).toContain("1 case passed");
  });

  it("puts a case's rows in the place of a lookup, and reads none over HTTP", async () => {
    const lookups = '{ rates: { http: { url: "http://127.0.0.1:1/rates.json", columns: { id: VARCHAR, rate: DOUBLE } } } }';
    const manifest = pipelineYaml({ lookups, sql: "SELECT id, rate FROM source JOIN rates USING (id)" });
    const given =
      "- { name: n, lookups: { rates: [{ id: a, rate: 1.5 }] }, input: [{ value: { id: a } }, { value: { id: b } }], rows: [{ id: a, rate: 1.5 }] }";
    expect((await test(manifest, given)).stdout).toContain("1 case passed");
    const none = await test(manifest, "- { name: n, input: [{ value: { id: a } }] }");
    expect(none).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("lookup rates is read over HTTP, which a case does not do: give its rows under lookups"),
    });
    const other = await test(manifest, "- { name: n, lookups: { rate: [] }, input: [{ value: { id: a } }] }");
    expect(other.stdout).toContain("lookups: rate is no lookup of the pipeline; there are rates");
  });

  it("says what is wrong with a case: a column that does not come out, a value of another type", async () => {
    const cases = "- { name: n, input: [{ value: { id: a, amount: 1 } }], rows: [{ id: a, double: 2 }, { doubled: twice }] }";
    const { code, stdout } = await test(pipelineYaml(), cases);
    expect(code).toBe(1);
    expect(stdout).toContain('row 1: no column "double" comes out; there are id, doubled');
    expect(stdout).toContain('row 2: doubled: "twice" is no DECIMAL(18,2)');
  });

  it("chooses the pipeline of a case by its name", async () => {
    const two = `${pipelineYaml({ name: "one" })}---\n${pipelineYaml({ name: "two", sql: "SELECT id FROM source" })}`;
    const cases =
      "- { name: a, pipeline: one, input: [{ value: { id: a, amount: 1 } }], rows: [{ doubled: 2 }] }\n- { name: b, pipeline: two, input: [{ value: { id: a } }], rows: [{ id: a }] }\n";
    expect((await test(two, cases)).stdout).toContain("2 cases passed");
    expect(await test(two, "- { name: a, input: [{ value: {} }] }")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("choose one with --pipeline: one, two"),
    });
  });

  it("says where cases are looked for when there are none, and takes another file", async () => {
    await using files = await folder({
      "a.yaml": pipelineYaml(),
      "cases.yaml": "- { name: n, input: [{ value: { id: a, amount: 1 } }], rows: [{ id: a }] }",
      "bad.test.yaml": "- nam: n",
    });
    const none = await snowline(["test", files.file("a.yaml")]);
    expect(none).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${files.file("a.test.yaml")}: there is no such file; write cases into it`),
    });
    expect((await snowline(["test", files.file("a.yaml"), "--cases", files.file("cases.yaml")])).stdout).toContain(
      "1 case passed",
    );
    const bad = await snowline(["test", files.file("a.yaml"), "--cases", files.file("bad.test.yaml")]);
    expect(bad).toMatchObject({ code: 1, stderr: expect.stringMatching(/^\/.*bad\.test\.yaml:1: \[0\]\.nam: unknown field/) });
  });
});
