import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { issueAuthority, issueServing, type KeyPair } from "../../../../operator/webhook/certificates/issue-certificate.ts";

const run = promisify(execFile);
const dayMs = 86_400_000;
const from = Date.UTC(2026, 10, 26, 12);
const yearly = { fromMs: from, untilMs: from + 365 * dayMs };

/** What openssl says of a serving certificate as a TLS client would ask. */
async function verify(authority: KeyPair, serving: KeyPair, args: readonly string[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "snowline-certificates-"));
  try {
    const [ca, leaf] = [join(directory, "ca.pem"), join(directory, "leaf.pem")];
    await writeFile(ca, authority.certificate);
    await writeFile(leaf, serving.certificate);
    const strict = ["verify", "-x509_strict", "-purpose", "sslserver", "-attime", `${from / 1000 + 3600}`];
    const { stdout } = await run("openssl", [...strict, ...args, "-CAfile", ca, leaf]);
    return stdout;
  } catch (error) {
    return (error as { stderr: string }).stderr;
  } finally {
    await rm(directory, { recursive: true });
  }
}

test("openssl takes a serving certificate for its names, strictly read, and for no others", async () => {
  const authority = await issueAuthority("Snowline webhook CA", yearly);
  const serving = await issueServing(authority, ["snowline-webhook.snowline.svc", "127.0.0.1"], yearly);
  expect(await verify(authority, serving, ["-verify_hostname", "snowline-webhook.snowline.svc"])).toContain("OK");
  expect(await verify(authority, serving, ["-verify_ip", "127.0.0.1"])).toContain("OK");
  expect(await verify(authority, serving, ["-verify_hostname", "elsewhere.svc"])).toContain("hostname mismatch");
  expect(await verify(await issueAuthority("Snowline webhook CA", yearly), serving, [])).toContain("error");
});

test("an authority certifies no other authority, and nobody but a server", async () => {
  const authority = new X509Certificate((await issueAuthority("Snowline webhook CA", yearly)).certificate);
  const serving = new X509Certificate((await issueServing(await issueAuthority("CA", yearly), ["a.svc"], yearly)).certificate);
  expect([authority.ca, serving.ca]).toEqual([true, false]);
  expect(serving.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  expect(serving.checkIssued(authority)).toBe(false);
});

test.each([
  ["before 2050", from, from + 30 * dayMs],
  ["beyond 2050", from, from + 30 * 365 * dayMs],
  ["a second before 2050", from, Date.UTC(2050, 0, 1) - 1000],
])("times are what they were asked to be: %s", async (_what, fromMs, untilMs) => {
  const { validFromDate, validToDate } = new X509Certificate((await issueAuthority("CA", { fromMs, untilMs })).certificate);
  expect([validFromDate.getTime(), validToDate.getTime()]).toEqual([fromMs, untilMs]);
});

test("many in a row can be read: chance leads to no malformed number", async () => {
  const authority = await issueAuthority("CA", yearly);
  for (let i = 0; i < 200; i++) {
    const { certificate } = await issueServing(authority, ["a.svc"], yearly);
    const x509 = new X509Certificate(certificate);
    expect(x509.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
    expect(x509.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
  }
});
