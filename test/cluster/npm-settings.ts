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
  const settings = await machineSettings();
  const own = await readFile(settings.get("userconfig") ?? "", "utf8").catch(() => "");
  const lines = passedOn.filter((key) => settings.has(key)).map((key) => `${key}=${settings.get(key)}`);
  await writeFile(npmrc, [own, ...lines, `cafile=${there.certificates}`, ""].join("\n"), { mode: 0o600 });
  const cafile = settings.get("cafile");
  const trusted = [...getCACertificates("default"), ...(cafile === undefined ? [] : [await readFile(cafile, "utf8")])];
  await writeFile(certificates, trusted.join("\n"));
  return { [there.npmrc]: npmrc, [there.certificates]: certificates };
}

/** What npm has set; one call, since npm takes half a second to start. */
async function machineSettings(): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await run("npm", ["config", "get", "userconfig", "cafile", ...passedOn]);
  const pairs = stdout.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const);
  return new Map(pairs.filter(([, value]) => !["", "null", "undefined"].includes(value)));
}
