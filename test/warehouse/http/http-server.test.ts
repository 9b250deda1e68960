import { once } from "node:events";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { Faults } from "../../../warehouse/faults.ts";
import { type HttpServer, startHttpServer } from "../../../warehouse/http/http-server.ts";
import { BadRequest, noAnswer, type Route } from "../../../warehouse/http/route.ts";
import { struck } from "../../../warehouse/http/strike.ts";
import { SnowflakeError } from "../../../warehouse/result.ts";

const long = "x".repeat(5_000);
const routes: readonly Route[] = [
  { method: "GET", path: /^\/text$/, handle: async () => ({ status: 200, body: long }) },
  { method: "GET", path: /^\/stream$/, handle: async () => ({ status: 200, body: Readable.from(["a", "b"]) }) },
  {
    method: "GET",
    path: /^\/names\/(?<name>[^/]+)$/,
    handle: async ({ groups }) => ({ status: 200, body: { name: groups["name"] } }),
  },
  {
    method: "POST",
    path: /^\/echo$/,
    bodyBytesMax: 10_000,
    handle: async (request) => ({ status: 200, body: await request.body() }),
  },
  { method: "POST", path: /^\/json$/, handle: async (request) => ({ status: 200, body: { got: await request.json() } }) },
  { method: "GET", path: /^\/none$/, handle: async () => noAnswer },
  {
    method: "GET",
    path: /^\/bad$/,
    handle: async () => {
      throw new BadRequest(409, "ERR", "not now");
    },
  },
  {
    method: "GET",
    path: /^\/sql$/,
    handle: async () => {
      throw new SnowflakeError("390144", "08001", "JWT token is invalid.");
    },
  },
  {
    method: "GET",
    path: /^\/broken$/,
    handle: async () => {
      throw new Error("a secret of the server");
    },
  },
  {
    method: "GET",
    path: /^\/wait$/,
    handle: ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(noAnswer))),
  },
];

describe("the HTTP server", () => {
  let server: HttpServer | null = null;
  const faults = new Faults();
  const start = async (port = 0) => {
    server = await startHttpServer(() => routes, {
      host: "127.0.0.1",
      port,
      log: pino({ level: "silent" }),
      around: ({ method, url }, handle) => struck(faults, { path: `${method} ${url.pathname}` }, handle),
    });
    return server.url;
  };
  afterEach(async () => {
    faults.clear();
    await server?.stop();
    server = null;
  });

  it("packs texts where the client takes it, and only there", async () => {
    const url = await start();
    const packed = await fetch(`${url}/text`);
    expect(packed.headers.get("content-encoding")).toBe("gzip");
    expect(await packed.text()).toBe(long);
    const plain = await fetch(`${url}/text`, { headers: { "accept-encoding": "identity" } });
    expect(plain.headers.get("content-encoding")).toBeNull();
    expect(await plain.text()).toBe(long);
  });

  it("streams, decodes names in paths, and answers 404 to the rest", async () => {
    const url = await start();
    expect(await (await fetch(`${url}/stream`)).text()).toBe("ab");
    expect(await (await fetch(`${url}/names/a%2Fb%20c`)).json()).toEqual({ name: "a/b c" });
    expect((await fetch(`${url}/names/%zz`)).status).toBe(400);
    const missing = await fetch(`${url}/nowhere`);
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ success: false, message: expect.stringContaining("GET /nowhere") });
    expect((await fetch(`${url}/text`, { method: "POST" })).status).toBe(404);
  });

  it.each([
    ["gzip", gzipSync("hello")],
    ["zstd", zstdCompressSync("hello")],
    ["identity", Buffer.from("hello")],
  ])("undoes content-encoding %s", async (encoding, body) => {
    const url = await start();
    const answer = await fetch(`${url}/echo`, {
      method: "POST",
      body: new Uint8Array(body),
      headers: { "content-encoding": encoding },
    });
    expect(await answer.text()).toBe("hello");
  });

  it("refuses bodies that are too large, sent or unpacked, or not what they say", async () => {
    const url = await start();
    const status = async (body: Buffer, encoding: string) =>
      (await fetch(`${url}/echo`, { method: "POST", body: new Uint8Array(body), headers: { "content-encoding": encoding } }))
        .status;
    expect(await status(Buffer.alloc(10_000), "identity")).toBe(200);
    expect(await status(Buffer.alloc(10_001), "identity")).toBe(413);
    expect(await status(gzipSync(Buffer.alloc(10_001)), "gzip")).toBe(413);
    expect(await status(Buffer.from("no gzip"), "gzip")).toBe(400);
    expect(await status(Buffer.from("x"), "compress")).toBe(415);
    expect((await fetch(`${url}/json`, { method: "POST", body: "{" })).status).toBe(400);
  });

  it("says errors in their own words, but not those of its own", async () => {
    const url = await start();
    const bad = await fetch(`${url}/bad`);
    expect([bad.status, await bad.json()]).toEqual([409, { code: "ERR", message: "not now" }]);
    const sql = await fetch(`${url}/sql`);
    expect([sql.status, await sql.json()]).toMatchObject([401, { code: "390144" }]);
    const broken = await fetch(`${url}/broken`);
    expect(broken.status).toBe(500);
    expect(await broken.text()).not.toContain("secret");
  });

  it("ends the connection where a route has no answer, or a fault says so", async () => {
    const url = await start();
    await expect(fetch(`${url}/none`)).rejects.toThrow("fetch failed");
    faults.add({ action: { kind: "dropAfter" }, path: "^POST /json$" });
    faults.add({ action: { kind: "answer", status: 503 }, path: "^GET /text$", count: 2 });
    await expect(fetch(`${url}/json`, { method: "POST", body: "{}" })).rejects.toThrow("fetch failed");
    const statuses = [];
    for (let at = 0; at < 3; at++) statuses.push((await fetch(`${url}/text`)).status);
    expect(statuses).toEqual([503, 503, 200]);
  });

  it("stops though a client waits for an answer and another only holds a connection", async () => {
    const url = await start();
    const waiting = fetch(`${url}/wait`).catch((error: Error) => error.message);
    const holder = connect(Number(new URL(url).port), "127.0.0.1");
    await once(holder, "connect");
    holder.on("error", () => undefined);
    const closed = new Promise((resolve) => holder.once("close", resolve));
    await server!.stop();
    expect(await waiting).toBe("fetch failed");
    await closed;
  });

  it("says which port is taken", async () => {
    const url = await start();
    const port = Number(new URL(url).port);
    const first = server;
    await expect(start(port)).rejects.toThrow(`port ${port} of 127.0.0.1: cannot listen; take another one, or 0 for any`);
    server = first;
  });
});
