import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { inClusterAccess } from "../../../operator/kube/in-cluster-access.ts";
import { kubeconfigAccess } from "../../../operator/kube/kubeconfig-access.ts";
import { FakeClock } from "../control/fake-clock.ts";

const directory = mkdtempSync(join(tmpdir(), "snowline-kubeconfig-"));
afterAll(() => rmSync(directory, { recursive: true }));
const secret = "a.secret.token";
const base64 = (text: string) => Buffer.from(text).toString("base64");

let files = 0;
function write(content: string | object, name = `file-${files++}`): string {
  const path = join(directory, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}
const config = (user: object, cluster: object = {}) => ({
  "current-context": "c",
  contexts: [{ name: "c", context: { cluster: "k", user: "u", namespace: "team" } }],
  clusters: [
    { name: "k", cluster: { server: "https://k.example:6443/", "certificate-authority-data": base64("CA"), ...cluster } },
  ],
  users: [{ name: "u", user }],
});
const open = (content: object, clock = new FakeClock()) => kubeconfigAccess({ file: write(content) }, clock);

describe("a kubeconfig", () => {
  it("says where the server is, how it is known and who we are", async () => {
    const access = await open(
      config(
        { "client-certificate-data": base64("CERT"), "client-key-data": base64("KEY"), as: "someone" },
        { "tls-server-name": "inside", "insecure-skip-tls-verify": true },
      ),
    );
    expect([access.server, access.namespace]).toEqual(["https://k.example:6443", "team"]);
    expect(await access.credentials()).toEqual({
      tls: { ca: "CA", cert: "CERT", key: "KEY", servername: "inside", rejectUnauthorized: false },
      headers: { "impersonate-user": "someone" },
    });
  });

  it.each([
    ["a token", { token: secret }, `Bearer ${secret}`],
    ["a name and password", { username: "u", password: "p" }, `Basic ${base64("u:p")}`],
    ["nothing", {}, undefined],
  ])("lets us in with %s", async (_name, user, authorization) => {
    expect((await (await open(config(user))).credentials()).headers["authorization"]).toBe(authorization);
  });

  it("names files relative to itself, which are read anew after a minute or a refusal", async () => {
    write("first", "client.crt");
    write("key", "client.key");
    const clock = new FakeClock();
    const access = await open(config({ "client-certificate": "client.crt", "client-key": "client.key" }), clock);
    const certificate = async () => (await access.credentials()).tls.cert;
    expect(await certificate()).toBe("first");
    write("second", "client.crt");
    clock.skip(60_000);
    expect(await certificate()).toBe("first");
    clock.skip(1);
    expect(await certificate()).toBe("second");
    write("third", "client.crt");
    access.refused();
    expect(await certificate()).toBe("third");
  });

  it("asks an exec plugin, and again once what it gave has expired or was refused", async () => {
    const log = join(directory, "runs");
    const script = (expiry: string) => `
      const { appendFileSync, readFileSync } = require("node:fs");
      appendFileSync(${JSON.stringify(log)}, "x");
      const token = process.env.PREFIX + readFileSync(${JSON.stringify(log)}, "utf8").length;
      console.log(JSON.stringify({ apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: { token, expirationTimestamp: "${expiry}" } }));`;
    const plugin = (expiry: string) => ({
      exec: {
        apiVersion: "client.authentication.k8s.io/v1",
        command: process.execPath,
        args: ["-e", script(expiry)],
        env: [{ name: "PREFIX", value: "run-" }],
      },
    });
    const lasting = await open(config(plugin("2999-01-01T00:00:00Z")));
    const token = async (access: typeof lasting) => (await access.credentials()).headers["authorization"];
    expect([await token(lasting), await token(lasting)]).toEqual(["Bearer run-1", "Bearer run-1"]);
    lasting.refused();
    expect(await token(lasting)).toBe("Bearer run-2");
    const expired = await open(config(plugin("2001-01-01T00:00:00Z")));
    expect([await token(expired), await token(expired)]).toEqual(["Bearer run-4", "Bearer run-5"]);
  });

  it.each([
    ["no context is current", { ...config({}), "current-context": "" }, "no context is current"],
    ["the user is missing", { ...config({}), users: [] }, 'there is no "u" among its users'],
    ["the cluster has no server", config({}, { server: undefined }), "cannot be read"],
    ["a proxy", config({}, { "proxy-url": "http://p" }), "proxy-url is not supported"],
    ["a certificate's file is missing", config({ "client-certificate": "gone.crt" }), "gone.crt cannot be read"],
    [
      "a plugin that fails, whose output nobody sees",
      config({ exec: { command: process.execPath, args: ["-e", `console.error("${secret}"); process.exit(1)`] } }),
      "its user gave no credentials: run kubectl with it to see why",
    ],
  ])("is refused where %s", async (_name, content, message) => {
    const error = (await open(content).catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toContain(message);
    expect(JSON.stringify([error.message, String(error.cause)])).not.toContain(secret);
  });

  it("that is no YAML is refused without quoting it", async () => {
    const error = (await kubeconfigAccess({ file: write(`token: "${secret}\nx: {`) }, new FakeClock()).catch(
      (thrown: unknown) => thrown,
    )) as Error;
    expect(error.message).toContain("cannot be read (");
    expect(JSON.stringify([error.message, error.stack, String(error.cause)])).not.toContain(secret);
  });
});

describe("a pod", () => {
  it("reads its token anew after a minute, or when it was refused", async () => {
    const clock = new FakeClock();
    for (const [name, text] of [
      ["token", "one"],
      ["ca.crt", "CA"],
      ["namespace", "team\n"],
    ] as const)
      write(text, name);
    const access = await inClusterAccess({ host: "fd00::1", port: "443", directory }, clock);
    expect([access.server, access.namespace]).toEqual(["https://[fd00::1]:443", "team"]);
    expect(await access.credentials()).toEqual({ tls: { ca: "CA" }, headers: { authorization: "Bearer one" } });
    write("two", "token");
    expect((await access.credentials()).headers["authorization"]).toBe("Bearer one");
    clock.skip(60_001);
    expect((await access.credentials()).headers["authorization"]).toBe("Bearer two");
    write("three", "token");
    access.refused();
    expect((await access.credentials()).headers["authorization"]).toBe("Bearer three");
  });

  it("without a token is told what to set", async () => {
    const empty = mkdtempSync(join(directory, "empty-"));
    await expect(inClusterAccess({ host: "10.0.0.1", port: "443", directory: empty }, new FakeClock())).rejects.toThrow(
      "automountServiceAccountToken",
    );
  });
});
