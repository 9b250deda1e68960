import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NotConnected, Terminal } from "../../../runtime/component/errors.ts";
import type { SnowflakeAccount } from "../../../runtime/snowflake/account.ts";
import { type RestCall, restCall } from "../../../runtime/snowflake/rest-call.ts";
import type { Bearer } from "../../../runtime/snowflake/sign-in.ts";

const secret = "a.secret.token";
const call: RestCall = { method: "GET", path: "/v1/data/pipes/P/insertReport", subject: "pipe P" };

let answer: (request: IncomingMessage, response: ServerResponse) => void;
const server = createServer((request, response) => answer(request, response));
beforeEach(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterEach(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

function account(type: Bearer["type"] = "KEYPAIR_JWT"): SnowflakeAccount {
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    openSession: () => Promise.reject(new Error("not asked for")),
    bearer: () => Promise.resolve({ token: secret, type }),
  };
}
const answers = (status: number, body: string) => (_request: IncomingMessage, response: ServerResponse) =>
  void response.writeHead(status).end(body);

describe("a REST call", () => {
  it("says who we are and what is wanted, and answers what came", async () => {
    const seen: { url?: string | undefined; headers?: IncomingMessage["headers"]; body?: string } = {};
    answer = (request, response) => {
      Object.assign(seen, { url: request.url, headers: request.headers, body: "" });
      request.on("data", (part: Buffer) => (seen.body += part.toString()));
      request.on("end", () => response.writeHead(200).end('{"ok":true}'));
    };
    const body = { files: [{ path: "ü" }] };
    expect(await restCall(account(), { ...call, method: "POST", query: { requestId: "a b" }, body })).toEqual({
      status: 200,
      body: { ok: true },
    });
    expect(seen.url).toBe("/v1/data/pipes/P/insertReport?requestId=a+b");
    expect(JSON.parse(seen.body!)).toEqual(body);
    expect(seen.headers).toMatchObject({
      authorization: `Bearer ${secret}`,
      "x-snowflake-authorization-token-type": "KEYPAIR_JWT",
      "content-type": "application/json",
    });
  });

  it("names no kind of token for a workload identity, whose token says it itself", async () => {
    let headers: IncomingMessage["headers"] = {};
    answer = (request, response) => {
      ({ headers } = request);
      response.end("{}");
    };
    await restCall(account("WORKLOAD_IDENTITY"), call);
    expect(headers["x-snowflake-authorization-token-type"]).toBeUndefined();
  });

  it.each([400, 404, 409])("leaves %d to its caller", async (status) => {
    answer = answers(status, '{"code":"x"}');
    expect(await restCall(account(), call)).toEqual({ status, body: { code: "x" } });
  });

  it.each([302, 408, 429, 500, 503])("is tried again after %d", async (status) => {
    answer = answers(status, "later");
    const error = await restCall(account(), call).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NotConnected);
    expect((error as Error).message).toContain(`answers ${status}`);
  });

  it.each([
    [401, "AuthenticationFailed"],
    [403, "PrivilegeMissing"],
  ])("stops the pipeline at %d", async (status, reason) => {
    answer = answers(status, "no");
    const error = await restCall(account(), call).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Terminal);
    expect(error).toMatchObject({ reason });
    expect(JSON.stringify([error, (error as Error).message])).not.toContain(secret);
  });

  it("is tried again where the connection ends, before the answer or in it", async () => {
    answer = (request) => request.socket.destroy();
    expect(await restCall(account(), call).catch((thrown: unknown) => thrown)).toBeInstanceOf(NotConnected);
    answer = (_request, response) => {
      response.writeHead(200, { "content-length": "100" }).write("{");
      setImmediate(() => response.destroy());
    };
    expect(await restCall(account(), call).catch((thrown: unknown) => thrown)).toBeInstanceOf(NotConnected);
  });

  it("answers null for a body that is no JSON", async () => {
    answer = answers(200, "<html>");
    expect(await restCall(account(), call)).toEqual({ status: 200, body: null });
  });
});
