import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ByteWriter } from "../../../runtime/component/byte-writer.ts";
import { NotConnected, Terminal } from "../../../runtime/component/errors.ts";
import { type Format, needsSchema } from "../../../runtime/component/record.ts";
import { openAvroFormat } from "../../../runtime/formats/avro.ts";
import { encoded, recordOf } from "../../contract/format.ts";
import { sharedSchemaRegistry } from "../../kafka/shared-broker.ts";
import { uniqueName } from "../../kafka/unique-name.ts";
import { writer } from "./avro-writer.ts";
import { laptopContext, type LaptopOptions } from "./laptop-context.ts";

const context = (part: Partial<LaptopOptions> = {}) => laptopContext({ folder: "/", ...part });
const columnsOf = (names: string) => names.split(" ").map((name) => ({ name, type: "VARCHAR" }));

describe("the avro format with a registry", () => {
  let url: string;
  const subject = uniqueName("orders");
  const register = async (name: string, schema: object | string, extra: object = {}): Promise<number> => {
    const body = JSON.stringify({ schema: typeof schema === "string" ? schema : JSON.stringify(schema), ...extra });
    const headers = { "content-type": "application/vnd.schemaregistry.v1+json" };
    const response = await fetch(`${url}/subjects/${encodeURIComponent(name)}/versions`, { method: "POST", body, headers });
    const answer = (await response.json()) as { readonly id?: number };
    if (answer.id === undefined) throw new Error(`the registry did not take the schema: ${JSON.stringify(answer)}`);
    return answer.id;
  };
  const opened = (columns: string, schema?: object, part: Partial<LaptopOptions> = {}): Format =>
    openAvroFormat(
      { registry: { connection: "registry" }, ...(schema === undefined ? {} : { schema: JSON.stringify(schema) }) },
      columnsOf(columns),
      context({ connections: { registry: { schemaRegistry: { url } } }, ...part }),
    );
  const wire = (id: number, ...parts: readonly Buffer[]) => {
    const header = Buffer.alloc(5);
    header.writeInt32BE(id, 1);
    return Buffer.concat([header, ...parts]);
  };
  /** As a source does: fetches the schema when the format asks for it. */
  const fetched = async (format: Format, value: Buffer) => {
    if (format.encode(recordOf(value), new ByteWriter(10)) === needsSchema) await format.prepare!(recordOf(value));
    return encoded(format, value);
  };
  const first = {
    type: "record",
    name: "Item",
    fields: [
      { name: "sku", type: "string" },
      { name: "count", type: "int" },
    ],
  };
  const second = { ...first, fields: [...first.fields, { name: "price", type: ["null", "double"], default: null }] };

  beforeAll(async () => {
    ({ url } = await sharedSchemaRegistry());
  });

  test("fetches each schema once, by the id in the record", async () => {
    const format = opened("sku count price");
    const one = wire(await register(subject, first), writer(first).toBuffer({ sku: "s", count: 3 }));
    const two = wire(await register(subject, second), writer(second).toBuffer({ sku: "s", count: 3, price: { double: 1.5 } }));
    expect(format.encode(recordOf(one), new ByteWriter(10))).toBe(needsSchema);
    expect((await fetched(format, one)).members).toEqual({ sku: "s", count: 3 });
    expect((await fetched(format, two)).members).toEqual({ sku: "s", count: 3, price: 1.5 });
    expect(format.encode(recordOf(one), new ByteWriter(10))).toBeNull();
  });

  test("resolves records of older and newer schemas to the manifest's", async () => {
    const reader = {
      type: "record",
      name: "Item",
      fields: [
        { name: "amount", aliases: ["count"], type: "long" },
        { name: "price", type: ["null", "double"], default: null },
        { name: "currency", type: "string", default: "EUR" },
      ],
    };
    const format = opened("amount price currency", reader);
    const one = wire(await register(subject, first), writer(first).toBuffer({ sku: "s", count: 3 }));
    const two = wire(await register(subject, second), writer(second).toBuffer({ sku: "s", count: 3, price: { double: 1.5 } }));
    expect((await fetched(format, one)).members).toEqual({ amount: 3, price: null, currency: "EUR" });
    expect((await fetched(format, two)).members).toEqual({ amount: 3, price: 1.5, currency: "EUR" });
  });

  test.each([
    [
      "of another scale",
      { type: "bytes", logicalType: "decimal", precision: 9, scale: 2 },
      { type: "bytes", logicalType: "decimal", precision: 9, scale: 3 },
      /x is written as a decimal of scale 2 and read as a decimal of scale 3/,
    ],
    [
      "of another unit",
      { type: "long", logicalType: "timestamp-millis" },
      { type: "long", logicalType: "timestamp-micros" },
      /x is written as a timestamp-millis and read as a timestamp-micros/,
    ],
    [
      "of another unit, in a union",
      ["null", { type: "long", logicalType: "timestamp-millis" }],
      ["null", { type: "long", logicalType: "local-timestamp-millis" }],
      /x is written as a timestamp-millis and read as a local-timestamp-millis/,
    ],
    ["of another type", "string", "int", /cannot read "string" as "int"/],
  ])("refuses records whose field is %s than the manifest says", async (_what, from, to, error) => {
    const schema = (type: unknown) => ({ type: "record", name: "R", fields: [{ name: "x", type }] });
    const id = await register(uniqueName("clash"), schema(from));
    expect((await fetched(opened("x", schema(to)), wire(id, Buffer.from([0])))).error).toMatch(error);
  });

  test("takes schemas that use others of the registry", async () => {
    const reference = uniqueName("customer");
    await register(reference, {
      type: "record",
      name: "Customer",
      namespace: "shop",
      fields: [{ name: "email", type: "string" }],
    });
    const schema = { type: "record", name: "Sale", fields: [{ name: "customer", type: "shop.Customer" }] };
    const id = await register(uniqueName("sale"), schema, {
      references: [{ name: "shop.Customer", subject: reference, version: 1 }],
    });
    const value = wire(id, Buffer.from([2, 0x61]));
    expect((await fetched(opened("customer"), value)).members).toEqual({ customer: { email: "a" } });
  });

  test("refuses a record with an id the registry does not know, and asks again for it after a while", async () => {
    let nowMs = 0;
    const format = opened("sku", undefined, { now: () => nowMs });
    const value = wire(2_000_000_000, Buffer.from([0]));
    expect((await fetched(format, value)).error).toBe("not readable Avro: schema 2000000000: the registry does not know it");
    expect(format.encode(recordOf(value), new ByteWriter(10))).not.toBe(needsSchema);
    nowMs = 60_000;
    expect(format.encode(recordOf(value), new ByteWriter(10))).toBe(needsSchema);
  });

  test("refuses a record of another kind of schema, one that is cut off, and one without an id", async () => {
    const id = await register(uniqueName("json"), '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}', {
      schemaType: "JSON",
    });
    const format = opened("sku");
    expect((await fetched(format, wire(id, Buffer.from([0])))).error).toMatch(/schema \d+ is JSON, not AVRO/);
    const cut = wire(await register(subject, first), Buffer.from([20, 65]));
    expect((await fetched(format, cut)).error).toMatch(/the value is cut off, at byte 1 of the value/);
    expect(encoded(format, Buffer.from('{"sku":1}')).error).toMatch(/does not begin with a zero byte and a schema id/);
    expect(encoded(format, Buffer.from([0, 0, 0])).error).toMatch(/does not begin with a zero byte/);
    expect(encoded(format, Buffer.alloc(8, 0xff).fill(0, 0, 1)).error).toMatch(/negative/);
  });

  test("is not connected while the registry cannot be reached", async () => {
    const connections = { registry: { schemaRegistry: { url: "http://user:SECRET@127.0.0.1:1/base" } } };
    const error: unknown = await opened("sku", undefined, { connections }).prepare!(recordOf(wire(1))).catch(
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(NotConnected);
    expect(String(error)).toBe("NotConnected: schema registry registry at 127.0.0.1:1: no answer: ECONNREFUSED");
  });

  describe("that answers in other ways", () => {
    let server: Server;
    let asked: (string | undefined)[];
    beforeAll(async () => {
      server = createServer((request, response) => {
        asked.push(request.headers.authorization);
        response.writeHead(Number(/\d{3}/.exec(request.url!)![0])).end("not for machines");
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    afterAll(() => new Promise((resolve) => server.close(resolve)));

    test.each([
      [401, Terminal, /the credentials were refused \(HTTP 401\); check basicAuth/],
      [403, Terminal, /the credentials were refused/],
      [404, Terminal, /HTTP 404; is url the base/],
      [302, Terminal, /HTTP 302; is url the base/],
      [200, Terminal, /the answer is no schema/],
      [429, NotConnected, /HTTP 429/],
      [503, NotConnected, /HTTP 503/],
    ])("steers by HTTP %i, and tells no secret", async (status, kind, message) => {
      asked = [];
      const reference = (key: string) => ({ secret: "registry", key });
      const basicAuth = { usernameFrom: reference("user"), passwordFrom: reference("password") };
      const { port } = server.address() as AddressInfo;
      const connections = { registry: { schemaRegistry: { url: `http://127.0.0.1:${port}/${status}`, basicAuth } } };
      const secrets = { "registry/user": "me", "registry/password": "SECRET" };
      const error: unknown = await opened("sku", undefined, { connections, secrets }).prepare!(recordOf(wire(1))).catch(
        (caught: unknown) => caught,
      );
      expect(error).toBeInstanceOf(kind);
      expect(String(error)).toMatch(message);
      expect(String(error)).not.toContain("SECRET");
      expect(asked).toEqual([`Basic ${Buffer.from("me:SECRET").toString("base64")}`]);
    });
  });
});
