import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NotConnected, Terminal } from "../../../runtime/component/errors.ts";
import { clientCredentialsToken } from "../../../runtime/oauth/client-credentials-token.ts";
import { sinkContext } from "../sinks/sink-context.ts";

let server: Server;
let nowMs = 0;
let asked = 0;
let answer: { readonly status: number; readonly body: string };

beforeEach(async () => {
  [nowMs, asked] = [0, 0];
  server = createServer((_request, response) => {
    asked++;
    response.writeHead(answer.status).end(answer.body.replace("$n", String(asked)));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(() => {
  server.close();
});

const source = () => {
  const tokenUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  const spec = { tokenUrl, clientIdFrom: { secret: "s", key: "id" }, clientSecretFrom: { secret: "s", key: "secret" } };
  const secret = async ({ key }: { readonly key: string }): Promise<string> => `the ${key}`;
  return clientCredentialsToken(spec, { ...sinkContext(tmpdir()), secret, now: () => nowMs });
};

test("a token is asked for again half a minute before it expires, and not before", async () => {
  answer = { status: 200, body: `{"access_token":"token $n","expires_in":600}` };
  const token = source();
  expect([await token(), await token()]).toEqual(["token 1", "token 1"]);
  nowMs = 569_000;
  expect(await token()).toBe("token 1");
  nowMs = 570_000;
  expect(await token()).toBe("token 2");
});

test("one whose life is not told is asked for each time", async () => {
  answer = { status: 200, body: `{"access_token":"token $n"}` };
  const token = source();
  expect([await token(), await token()]).toEqual(["token 1", "token 2"]);
});

test.each([
  [400, `{"error":"the secret is wrong"}`, Terminal, /refused the client credentials \(400\)/],
  [404, "", Terminal, /is not there \(404\)\. Check tokenUrl/],
  [200, `{"token":"x"}`, Terminal, /no access_token/],
  [200, "no JSON", Terminal, /no access_token/],
  [500, "", NotConnected, /answered 500/],
  [429, "", NotConnected, /answered 429/],
])("an endpoint that answers %s %s is told apart, without what was sent", async (...[status, body, kind, message]) => {
  answer = { status, body };
  const error = await source()().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(kind);
  expect(String(error)).toMatch(message);
  expect(String(error)).not.toContain("the secret");
});
