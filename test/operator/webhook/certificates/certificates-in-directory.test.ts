import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, test } from "vitest";
import { systemClock } from "../../../../operator/control/clock.ts";
import { certificatesInDirectory } from "../../../../operator/webhook/certificates/certificates-in-directory.ts";
import { type KeyPair } from "../../../../operator/webhook/certificates/issue-certificate.ts";
import { certificatesNow } from "../webhook-place.ts";

/** The machine's clock, on which nobody waits longer than 5 ms. */
const quick = { ...systemClock, after: (delayMs: number, call: () => void) => systemClock.after(Math.min(delayMs, 5), call) };

/** A directory as a kubelet mounts a Secret: files are links into a directory that is exchanged as a whole. */
async function mounted() {
  const directory = await mkdtemp(join(tmpdir(), "snowline-mounted-"));
  const write = async (version: string, { certificate, key }: KeyPair) => {
    await mkdir(join(directory, version));
    await writeFile(join(directory, version, "tls.crt"), certificate);
    await writeFile(join(directory, version, "tls.key"), key);
    await symlink(version, join(directory, "..next"));
    await rename(join(directory, "..next"), join(directory, "..data"));
  };
  for (const name of ["tls.crt", "tls.key"]) await symlink(join("..data", name), join(directory, name));
  return { directory, write, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}

test("certificates of a mounted Secret are served when they are there, and new ones when they change", async () => {
  await using mount = await mounted();
  const lines: string[] = [];
  const logger = pino({}, { write: (line: string) => void lines.push(line) });
  await using certificates = certificatesInDirectory({ directory: mount.directory, clock: quick, logger });
  const seen: string[] = [];
  certificates.subscribe(({ certificate }) => seen.push(certificate));
  expect(certificates.current).toBeNull();
  await expect.poll(() => lines.join("")).toContain("cannot be read, the last ones are served on");
  const [first, second] = [(await certificatesNow()).serving, (await certificatesNow()).serving];
  await mount.write("one", first);
  await expect.poll(() => certificates.current?.certificate).toBe(first.certificate);
  await mount.write("two", second);
  await expect.poll(() => certificates.current?.certificate).toBe(second.certificate);
  expect(seen).toEqual([first.certificate, second.certificate]);
});

test("a key that is not the certificate's is told once, and the last ones are served on", async () => {
  await using mount = await mounted();
  const lines: string[] = [];
  const logger = pino({}, { write: (line: string) => void lines.push(line) });
  const [first, second] = [(await certificatesNow()).serving, (await certificatesNow()).serving];
  await mount.write("one", first);
  await using certificates = certificatesInDirectory({ directory: mount.directory, clock: quick, logger });
  await expect.poll(() => certificates.current?.certificate).toBe(first.certificate);
  await mount.write("two", { certificate: second.certificate, key: first.key });
  await expect.poll(() => lines.join("")).toContain("tls.key is not the key of tls.crt");
  expect(certificates.current?.certificate).toBe(first.certificate);
  await mount.write("three", second);
  await expect.poll(() => certificates.current?.certificate).toBe(second.certificate);
  expect(lines.filter((line) => line.includes("is not the key"))).toHaveLength(1);
  expect(lines.join("")).not.toContain("PRIVATE");
});
