import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KafkaConnection } from "../../../crds/connectors/kafka.ts";
import { NotConnected, Terminal } from "../../../runtime/component/errors.ts";
import type { DeadLetters } from "../../../runtime/component/dead-letters.ts";
import { openKafkaDeadLetters } from "../../../runtime/dead-letters/kafka/kafka-dead-letters.ts";
import { letterOf } from "../../contract/dead-letters.ts";
import { readAll } from "../../contract/source.ts";
import type { SecureBroker } from "../../kafka/broker.ts";
import { sharedBroker } from "../../kafka/shared-broker.ts";
import { kafkaContext, KafkaPlace } from "./kafka-place.ts";

const never = new AbortController().signal;
const wrong = "wr0ng-s3cret";
const ca = { caFrom: { secret: "tls", key: "ca" } };
const credentials = { username: "app", passwordFrom: { secret: "user", key: "password" } };
const scram = (mechanism: "SCRAM-SHA-256" | "SCRAM-SHA-512") => ({ scram: { mechanism, ...credentials } });

let place: KafkaPlace;
let secure: SecureBroker;
let topic: string;
let directory: string;
beforeAll(async () => {
  const broker = await sharedBroker();
  ({ secure } = broker);
  place = new KafkaPlace(broker.bootstrap);
  topic = await place.topic();
  await place.produce(topic, 0, ["one", "two"]);
  directory = await mkdtemp(join(tmpdir(), "snowline-token-"));
});
afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** A token as the broker takes it without a validator: no signature (RFC 7515, `alg: none`). */
function unsecuredToken(seconds: number): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part({ sub: "app", iat: now - 5, exp: now + seconds })}.`;
}

const secrets = (part: Readonly<Record<string, string>> = {}) => ({
  "tls/ca": secure.certificates.ca,
  "tls/crt": secure.certificates.client.certificate,
  "tls/key": secure.certificates.client.key,
  "user/name": secure.username,
  "user/password": secure.password,
  "idp/id": "client",
  "idp/secret": "client-s3cret",
  ...part,
});

/** Reads both records over this connection; returns them and all that was logged. */
async function readOver(connection: KafkaConnection, part: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  const context = kafkaContext({ connection, secrets: secrets(part), logged: place.logged });
  const source = await place.source({ topics: [topic] }, { context });
  for (const split of await source.splits(never)) await source.open(split, null);
  return [...(await readAll(source, 2)).texts.values()].flat();
}

/** What the source, and the dead letters, say when they cannot sign in. */
async function refusals(connection: KafkaConnection, part: Readonly<Record<string, string>> = {}): Promise<readonly Error[]> {
  const context = kafkaContext({ connection, secrets: secrets(part), logged: place.logged });
  const source = await place.source({ topics: [topic] }, { context });
  const letters: DeadLetters = await openKafkaDeadLetters({ connection: "events", topic }, context);
  const caught = async (act: Promise<unknown>): Promise<Error> =>
    act.then(
      () => new Error("it worked"),
      (error: Error) => error,
    );
  const both = [await caught(source.splits(never)), await caught(letters.write([letterOf("orders", 1)]))];
  await letters[Symbol.asyncDispose]();
  for (const error of both) expect(inspect(error, { depth: 20 })).not.toMatch(/wr0ng-s3cret|app-secret|client-s3cret/);
  expect(place.logged.join("")).not.toMatch(/wr0ng-s3cret|app-secret|client-s3cret/);
  return both;
}

describe("a Kafka connection signs in", () => {
  test.each(["SCRAM-SHA-256", "SCRAM-SHA-512"] as const)("by %s over TLS", async (mechanism) => {
    expect(await readOver({ brokers: [secure.sasl], tls: ca, sasl: scram(mechanism) })).toEqual(["one", "two"]);
  });

  test("by PLAIN over TLS, with the user name from a secret", async () => {
    const sasl = { plain: { usernameFrom: { secret: "user", key: "name" }, passwordFrom: credentials.passwordFrom } };
    expect(await readOver({ brokers: [secure.sasl], tls: ca, sasl })).toEqual(["one", "two"]);
  });

  test("by a client certificate", async () => {
    const tls = { ...ca, certificateFrom: { secret: "tls", key: "crt" }, keyFrom: { secret: "tls", key: "key" } };
    expect(await readOver({ brokers: [secure.mtls], tls })).toEqual(["one", "two"]);
  });

  test("by a token from a file, read anew at each sign-in", async () => {
    const path = join(directory, "token");
    await writeFile(path, `${unsecuredToken(600)}\n`);
    expect(await readOver({ brokers: [secure.sasl], tls: ca, sasl: { oauthBearer: { tokenFile: { path } } } })).toEqual([
      "one",
      "two",
    ]);
  });

  test("writes dead letters likewise", async () => {
    const context = kafkaContext({
      connection: { brokers: [secure.sasl], tls: ca, sasl: scram("SCRAM-SHA-512") },
      secrets: secrets(),
    });
    const dead = await place.topic();
    await using letters = await openKafkaDeadLetters({ connection: "events", topic: dead }, context);
    await letters.write([letterOf("orders", 1)]);
    expect(await place.admin.fetchTopicOffsets(dead)).toMatchObject([{ high: "1" }]);
  });
});

describe("OAuth client credentials", () => {
  let endpoint: Server;
  let answer: { status: number; body: unknown };
  let asked: { authorization: string | undefined; body: string }[];
  beforeAll(async () => {
    endpoint = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => (body += text));
      request.on("end", () => {
        asked.push({ authorization: request.headers.authorization, body });
        response.writeHead(answer.status, { "content-type": "application/json" }).end(JSON.stringify(answer.body));
      });
    });
    await new Promise<void>((resolve) => endpoint.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => endpoint.close());

  const connection = (): KafkaConnection => {
    const tokenUrl = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/token`;
    const clientCredentials = {
      tokenUrl,
      clientIdFrom: { secret: "idp", key: "id" },
      clientSecretFrom: { secret: "idp", key: "secret" },
      scope: "kafka",
    };
    return { brokers: [secure.sasl], tls: ca, sasl: { oauthBearer: { clientCredentials } } };
  };

  test("fetch a token once for all connections while it lives", async () => {
    asked = [];
    answer = { status: 200, body: { access_token: unsecuredToken(600), expires_in: 600 } };
    expect(await readOver(connection())).toEqual(["one", "two"]);
    expect(asked).toEqual([
      {
        authorization: `Basic ${Buffer.from("client:client-s3cret").toString("base64")}`,
        body: "grant_type=client_credentials&scope=kafka",
      },
    ]);
  });

  test("that are refused stop the pipeline", async () => {
    asked = [];
    answer = { status: 401, body: { error: "invalid_client" } };
    for (const refusal of await refusals(connection())) {
      expect(refusal).toBeInstanceOf(Terminal);
      expect(refusal).toMatchObject({
        reason: "AuthenticationFailed",
        message: expect.stringContaining("clientSecretFrom") as string,
      });
    }
  });

  test("wait for an endpoint that is down", async () => {
    asked = [];
    answer = { status: 503, body: {} };
    for (const refusal of await refusals(connection())) expect(refusal).toBeInstanceOf(NotConnected);
  });

  test("with a token that the brokers refuse stop the pipeline", async () => {
    asked = [];
    answer = { status: 200, body: { access_token: unsecuredToken(-600), expires_in: 600 } };
    for (const refusal of await refusals(connection())) expect(refusal).toMatchObject({ reason: "AuthenticationFailed" });
  });
});

describe("a Kafka connection that is refused says so without a credential:", () => {
  const sasl = { plain: credentials };
  test.each([
    [
      "a wrong SCRAM password",
      () => ({ brokers: [secure.sasl], tls: ca, sasl: scram("SCRAM-SHA-512") }),
      "AuthenticationFailed",
      "SASL SCRAM-SHA-512",
    ],
    ["a wrong PLAIN password", () => ({ brokers: [secure.sasl], tls: ca, sasl }), "AuthenticationFailed", "SASL PLAIN"],
    ["an expired certificate", () => ({ brokers: [secure.expired], tls: ca, sasl }), "TlsFailed", "has expired"],
    ["an authority that is not trusted", () => ({ brokers: [secure.sasl], tls: {}, sasl }), "TlsFailed", "tls.caFrom"],
    [
      "another server name",
      () => ({ brokers: [secure.sasl], tls: { ...ca, serverName: "kafka.example" }, sasl }),
      "TlsFailed",
      "tls.serverName",
    ],
    [
      "no client certificate where one is wanted",
      () => ({ brokers: [secure.mtls], tls: ca }),
      "TlsFailed",
      "tls.certificateFrom",
    ],
    ["neither TLS nor SASL where they are wanted", () => ({ brokers: [secure.sasl] }), "TlsFailed", "tls: {}"],
  ] as const)("%s", async (_what, connection, reason, text) => {
    for (const refusal of await refusals(connection(), { "user/password": wrong })) {
      expect(refusal).toBeInstanceOf(Terminal);
      expect(refusal).toMatchObject({ reason, message: expect.stringContaining(text) as string });
      expect(refusal.message).toMatch(/localhost:\d+/);
    }
  });

  test("no TLS where it is wanted", async () => {
    for (const refusal of await refusals({ brokers: [secure.sasl], sasl })) {
      expect(refusal).toBeInstanceOf(NotConnected);
      expect(refusal.message).toMatch(/localhost:\d+.*TLS/);
    }
  });

  test("a token file that is missing", async () => {
    const path = join(directory, "none");
    for (const refusal of await refusals({ brokers: [secure.sasl], tls: ca, sasl: { oauthBearer: { tokenFile: { path } } } })) {
      expect(refusal).toMatchObject({ reason: "AuthenticationFailed", message: expect.stringContaining(path) as string });
    }
  });
});
