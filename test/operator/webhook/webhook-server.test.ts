import { request } from "node:https";
import type { TLSSocket } from "node:tls";
import { pino } from "pino";
import { Registry } from "prom-client";
import { afterAll, expect, test } from "vitest";
import { openCompiler } from "../../../operator/compile/compiler.ts";
import { systemClock } from "../../../operator/control/clock.ts";
import { holdServingCertificate } from "../../../operator/webhook/certificates/serving-certificate.ts";
import { startWebhookServer } from "../../../operator/webhook/webhook-server.ts";
import { neighbours, storedPipeline } from "./in-namespace.ts";
import { certificatesNow } from "./webhook-place.ts";

const compiler = openCompiler({ now: systemClock.now });
afterAll(() => compiler[Symbol.asyncDispose]());
const logged: string[] = [];
const logger = pino({ level: "info" }, { write: (line: string) => void logged.push(line) });

/** A server alone, with what it takes to show another certificate. */
async function open(readConnection = neighbours({}).readConnection) {
  const held = holdServingCertificate();
  const registry = new Registry();
  const server = await startWebhookServer({
    port: 0,
    host: "127.0.0.1",
    certificates: Object.assign(held, { [Symbol.asyncDispose]: async () => {} }),
    examiner: { compiler, neighbours: { ...neighbours({}), readConnection } },
    clock: systemClock,
    registry,
    logger,
  });
  return { held, registry, server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly body?: string;
}

/** One request on a connection of its own. */
async function ask(port: number, ca: string, { path = "/validate", method = "POST", body = "" }: Asked) {
  return new Promise<{ readonly code: number; readonly text: string; readonly serial: string }>((resolve, reject) => {
    const asking = request({ host: "127.0.0.1", port, path, method, ca, agent: false }, (response) => {
      const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate();
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.on("end", () => resolve({ code: response.statusCode!, text, serial: serialNumber }));
    });
    asking.on("error", reject);
    asking.end(body);
  });
}
const review = (object: unknown): string =>
  JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: { uid: "7f", operation: "CREATE", namespace: "shop", name: "orders", object },
  });

test("it answers reviews, and says of everything else what it takes", async () => {
  await using place = await open();
  const { authority, serving } = await certificatesNow();
  place.held.offer(serving.certificate, serving.key);
  const { port } = place.server;
  const answer = await ask(port, authority.certificate, { body: review(storedPipeline("orders")) });
  expect(answer.code).toBe(200);
  expect(JSON.parse(answer.text)).toMatchObject({ kind: "AdmissionReview", response: { uid: "7f", allowed: true } });
  const says = async (asked: Asked) => {
    const { code, text } = await ask(port, authority.certificate, asked);
    return `${code} ${text.trim()}`;
  };
  expect(await says({ path: "/other" })).toBe("404 there is /validate");
  expect(await says({ method: "GET" })).toBe("405 only POST");
  expect(await says({ body: "{" })).toBe("400 the body is not JSON");
});

test("a body larger than API servers send is refused, and the connection ends", async () => {
  await using place = await open();
  const { authority, serving } = await certificatesNow();
  place.held.offer(serving.certificate, serving.key);
  const large = ask(place.server.port, authority.certificate, { body: "x".repeat(8 * 1024 * 1024) });
  // Either the answer arrives, or writing on fails first.
  expect(
    await large.then(
      ({ code }) => code,
      (error: NodeJS.ErrnoException) => error.code,
    ),
  ).toSatisfy((got) => [413, "ECONNRESET", "EPIPE"].includes(got as number | string));
  expect((await ask(place.server.port, authority.certificate, { body: "{" })).code).toBe(400);
});

test("without a certificate nobody gets in; from the first on they do, and new connections see a new one", async () => {
  await using place = await open();
  const { authority, serving } = await certificatesNow();
  const { port } = place.server;
  expect(place.server.ready).toBe(false);
  await expect(ask(port, authority.certificate, {})).rejects.toThrow("handshake failure");
  place.held.offer(serving.certificate, serving.key);
  expect(place.server.ready).toBe(true);
  const first = await ask(port, authority.certificate, { body: "{" });
  const next = await certificatesNow();
  place.held.offer(next.serving.certificate, next.serving.key);
  const second = await ask(port, next.authority.certificate, { body: "{" });
  expect(second.serial).not.toBe(first.serial);
  await expect(ask(port, authority.certificate, { body: "{" })).rejects.toThrow("unable to verify");
});

test("a certificate without its key never takes the place of one that works", async () => {
  const held = holdServingCertificate();
  const [one, other] = [(await certificatesNow()).serving, (await certificatesNow()).serving];
  expect(held.offer(one.certificate, one.key)).toBe(true);
  expect(held.offer(other.certificate, one.key)).toBe(false);
  expect(held.offer("", "")).toBe(false);
  expect(held.current?.certificate).toBe(one.certificate);
});

test("it takes 32 at once, says 429 to more, and when it is closed answers what is in flight", async () => {
  const gate = Promise.withResolvers<null>();
  const place = await open(() => gate.promise);
  const { authority, serving } = await certificatesNow();
  place.held.offer(serving.certificate, serving.key);
  const spec = { source: { kafka: { ...storedPipeline("orders").spec.source.kafka, connection: "absent" } } };
  const body = review(storedPipeline("orders", spec));
  const asked = Array.from({ length: 40 }, () => ask(place.server.port, authority.certificate, { body }));
  const codes: number[] = [];
  for (const one of asked) void one.then(({ code }) => codes.push(code));
  await expect.poll(() => codes.filter((code) => code === 429).length, { timeout: 10_000 }).toBe(8);
  const closed = place[Symbol.asyncDispose]();
  gate.resolve(null);
  const answers = await Promise.all(asked);
  expect(answers.filter(({ code }) => code === 200)).toHaveLength(32);
  await closed;
  expect(await place.registry.metrics()).toContain('controller_runtime_webhook_requests_total{webhook="/validate",code="429"} 8');
});

test("a refusal is logged with its place, and never with what was wrong or written", async () => {
  await using place = await open();
  const { authority, serving } = await certificatesNow();
  place.held.offer(serving.certificate, serving.key);
  logged.length = 0;
  await ask(place.server.port, authority.certificate, {
    body: review(storedPipeline("orders", {}, "SELECT secret_name FROM source")),
  });
  expect(logged.join("")).toContain('"namespace":"shop","name":"orders","problems":1,"msg":"admission: refused"');
  expect(logged.join("")).not.toContain("secret_name");
});

test("a port that is taken is told with the flag that changes it", async () => {
  await using place = await open();
  const again = startWebhookServer({
    port: place.server.port,
    host: "127.0.0.1",
    certificates: Object.assign(holdServingCertificate(), { [Symbol.asyncDispose]: async () => {} }),
    examiner: { compiler, neighbours: neighbours({}) },
    clock: systemClock,
    registry: new Registry(),
    logger,
  });
  await expect(again).rejects.toThrow(`webhook port ${place.server.port}: cannot listen; take another one with --webhook-port`);
});
