import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getCACertificates } from "node:tls";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Settings of this machine without which npm may not reach its registry. */
const passedOn = ["registry", "replace-registry-host", "proxy", "https-proxy", "noproxy"];
const there = { npmrc: "/root/.npmrc", certificates: "/root/certificates.pem" } as const;

/**
 * Writes into `directory` what npm needs in a build to fetch packages as it does on this machine: registry, proxies, credentials, and
 * the certificates that are trusted here. Answers which file is to be mounted where; they may hold secrets, so they are never copied.
 */
export async function npmSettings(directory: string): Promise<Readonly<Record<string, string>>> {
  const npmrc = join(directory, "npmrc");
  const certificates = join(directory, "certificates.pem");
  const own = await readFile(await setting("userconfig"), "utf8").catch(() => "");
  const values = await Promise.all(passedOn.map(async (key) => [key, await setting(key)] as const));
  const lines = values.filter(([, value]) => isSet(value)).map(([key, value]) => `${key}=${value}`);
  await writeFile(npmrc, [own, ...lines, `cafile=${there.certificates}`, ""].join("\n"), { mode: 0o600 });
  const cafile = await setting("cafile");
  const trusted = [...getCACertificates("default"), ...(isSet(cafile) ? [await readFile(cafile, "utf8")] : [])];
  await writeFile(certificates, trusted.join("\n"));
  return { [there.npmrc]: npmrc, [there.certificates]: certificates };
}

async function setting(key: string): Promise<string> {
  const { stdout } = await run("npm", ["config", "get", key]);
  return stdout.trim();
}

const isSet = (value: string): boolean => !["", "null", "undefined"].includes(value);
