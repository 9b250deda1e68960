import { X509Certificate } from "node:crypto";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../../../operator/control/clock.ts";
import type { HttpApi } from "../../../../operator/kube/http-api.ts";
import { certificatesInSecret } from "../../../../operator/webhook/certificates/certificates-in-secret.ts";
import {
  type KeepCertificatesOptions,
  keepCertificates,
  openLook,
} from "../../../../operator/webhook/certificates/keep-certificates.ts";
import type { ApiAccess } from "../../../cluster/api-access.ts";
import { sharedApiServer } from "../../../cluster/shared-api-server.ts";
import { uniqueName } from "../../../kafka/unique-name.ts";
import { webhookConfiguration } from "../webhook-place.ts";
import { openApi } from "../../open-api.ts";

const dayMs = 86_400_000;
const never = new AbortController().signal;
const names = ["127.0.0.1", "snowline-webhook.snowline.svc"];
let access: ApiAccess;
let api: HttpApi;
const namespace = uniqueName("certificates");

beforeAll(async () => {
  access = await sharedApiServer();
  api = await openApi(access.kubeconfig);
  await access.kubectl(["create", "namespace", namespace]);
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await access.kubectl(["delete", "namespace", namespace, "--wait=false"]);
});

/** A Secret and a configuration of their own, and a clock that stands still until it is moved. */
async function place() {
  const secret = uniqueName("secret");
  const configuration = `${secret}.test`;
  await access.kubectl(["apply", "-f", "-"], { input: await webhookConfiguration(configuration, { port: 1 }, secret) });
  let nowMs = Date.UTC(2026, 10, 26);
  const lines: string[] = [];
  const logger = pino({ level: "debug" }, { write: (line: string) => void lines.push(line) });
  const clock = { ...systemClock, now: () => nowMs };
  const options: KeepCertificatesOptions = { api, clock, logger, fieldManager: "test", namespace, secret, configuration, names };
  const data = async (): Promise<Readonly<Record<string, string>>> => {
    const found = JSON.parse(await access.kubectl(["-n", namespace, "get", "secret", secret, "-o", "json"])) as {
      data: Record<string, string>;
    };
    return Object.fromEntries(Object.entries(found.data).map(([name, value]) => [name, Buffer.from(value, "base64").toString()]));
  };
  const bundle = async () =>
    Buffer.from(
      await access.kubectl([
        "get",
        "validatingwebhookconfiguration",
        configuration,
        "-o",
        "jsonpath={.webhooks[0].clientConfig.caBundle}",
      ]),
      "base64",
    ).toString();
  return {
    options,
    secret,
    configuration,
    lines,
    data,
    bundle,
    move: (ms: number) => void (nowMs += ms),
    [Symbol.asyncDispose]: async () => void (await access.kubectl(["delete", "validatingwebhookconfiguration", configuration])),
  };
}
const issuedBy = (certificate: string, authority: string) =>
  new X509Certificate(certificate).verify(new X509Certificate(authority).publicKey);

test("certificates are made, trusted, and left alone while they are good", async () => {
  await using there = await place();
  const look = openLook(there.options);
  expect(await look(never)).toBe(300_000);
  const made = await there.data();
  expect(Object.keys(made).toSorted()).toEqual(["ca.crt", "ca.key", "tls.crt", "tls.key"]);
  expect(issuedBy(made["tls.crt"]!, made["ca.crt"]!)).toBe(true);
  expect(await there.bundle()).toBe(made["ca.crt"]);
  there.move(59 * dayMs);
  const methods: string[] = [];
  await using watched = await openApi(access.kubeconfig, { onRequest: ({ method }) => void methods.push(method) });
  await openLook({ ...there.options, api: watched })(never);
  expect(methods).toEqual(["GET", "GET"]);
  expect(there.lines.join("")).not.toContain("PRIVATE");
});

test("a serving certificate is renewed at two thirds of its life, by the same authority", async () => {
  await using there = await place();
  const look = openLook(there.options);
  await look(never);
  const before = await there.data();
  there.move(60 * dayMs);
  await look(never);
  const after = await there.data();
  expect(after["ca.crt"]).toBe(before["ca.crt"]);
  expect(after["tls.crt"]).not.toBe(before["tls.crt"]);
  expect(issuedBy(after["tls.crt"]!, after["ca.crt"]!)).toBe(true);
});

test("a new authority is trusted for ten minutes before anything it signed is served; the former one stays trusted", async () => {
  await using there = await place();
  const look = openLook(there.options);
  await look(never);
  // The last serving certificate that the first authority signs.
  there.move(1200 * dayMs);
  await look(never);
  const before = await there.data();
  there.move(17 * dayMs);
  expect(await look(never)).toBe(300_000);
  const between = await there.data();
  expect(between["tls.crt"]).toBe(before["tls.crt"]);
  expect(between["ca.crt"]).toMatch(/^(-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n){2}$/);
  expect(between["ca.crt"]!.endsWith(before["ca.crt"]!)).toBe(true);
  expect(await there.bundle()).toBe(between["ca.crt"]);
  there.move(600_000);
  await look(never);
  const after = await there.data();
  expect(after["ca.crt"]).toBe(between["ca.crt"]);
  expect(issuedBy(after["tls.crt"]!, after["ca.crt"]!)).toBe(true);
});

test("a Secret that is spoiled or deleted, and a bundle that somebody took out, come back", async () => {
  await using there = await place();
  const look = openLook(there.options);
  await look(never);
  await access.kubectl(["-n", namespace, "patch", "secret", there.secret, "-p", '{"data":{"tls.key":"eA=="}}']);
  await look(never);
  const again = await there.data();
  expect(await there.bundle()).toBe(again["ca.crt"]);
  await access.kubectl(["-n", namespace, "delete", "secret", there.secret]);
  await look(never);
  const anew = await there.data();
  const removal = '[{"op":"remove","path":"/webhooks/0/clientConfig/caBundle"}]';
  await access.kubectl(["patch", "validatingwebhookconfiguration", there.configuration, "--type=json", "-p", removal]);
  await look(never);
  expect(await there.bundle()).toBe(anew["ca.crt"]);
});

test("two leaders at once make one pair", async () => {
  await using there = await place();
  const looks = await Promise.allSettled([openLook(there.options)(never), openLook(there.options)(never)]);
  for (const look of looks) if (look.status === "rejected") expect((look.reason as Error).message).toMatch(/exists|modified/);
  expect(looks.some(({ status }) => status === "fulfilled")).toBe(true);
  const made = await there.data();
  expect(issuedBy(made["tls.crt"]!, made["ca.crt"]!)).toBe(true);
  await openLook(there.options)(never);
  expect(await there.bundle()).toBe(made["ca.crt"]);
});

test("every replica follows the Secret: from before it is made, through each renewal, past its deletion", async () => {
  await using there = await place();
  await using replica = certificatesInSecret({ ...there.options });
  const served: string[] = [];
  replica.subscribe(({ certificate }) => served.push(certificate));
  const stop = new AbortController();
  const keeping = keepCertificates(there.options, stop.signal);
  await expect.poll(() => served.length, { timeout: 10_000 }).toBe(1);
  expect(served[0]).toBe((await there.data())["tls.crt"]);
  stop.abort();
  await keeping;
  there.move(60 * dayMs);
  await openLook(there.options)(never);
  await expect.poll(() => served.length, { timeout: 10_000 }).toBe(2);
  await access.kubectl(["-n", namespace, "delete", "secret", there.secret]);
  await openLook(there.options)(never);
  await expect.poll(() => served.length, { timeout: 10_000 }).toBe(3);
  expect(served[2]).toBe((await there.data())["tls.crt"]);
});

test("a leader that may not write says so, keeps nothing from anybody, and ends when it is told to", async () => {
  await using there = await place();
  await using powerless = await openApi(await access.kubeconfigFor("nobody"));
  const stop = new AbortController();
  const keeping = keepCertificates({ ...there.options, api: powerless }, stop.signal);
  await expect.poll(() => there.lines.join(""), { timeout: 10_000 }).toContain("not kept, trying again");
  stop.abort();
  await keeping;
});
