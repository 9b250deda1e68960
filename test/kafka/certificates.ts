import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** PEM texts. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}
/** What a broker with `security` and its clients need. */
export interface Certificates {
  /** The authority that signed all of them. */
  readonly ca: string;
  /** For `localhost` and 127.0.0.1. */
  readonly server: Certificate;
  /** Likewise, but it has expired. */
  readonly expired: Certificate;
  /** For mutual TLS, CN=client. */
  readonly client: Certificate;
}

const validDays = 7;

/** Makes a certificate authority and what it signs, in `directory`, by openssl. */
export async function makeCertificates(directory: string): Promise<Certificates> {
  await mkdir(directory, { recursive: true });
  const file = (name: string) => join(directory, name);
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const openssl = (args: readonly string[]) =>
    run("openssl", args).catch((cause: unknown) => {
      throw new Error("openssl: could not make the test certificates; install openssl 1.1.1 or newer", { cause });
    });
  await openssl([
    "req",
    "-x509",
    ...newKey,
    "-keyout",
    file("ca.key"),
    "-out",
    file("ca.crt"),
    "-subj",
    "/CN=Snowline test CA",
    "-days",
    `${validDays}`,
  ]);
  await writeFile(file("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
  const signed = async (name: string, subject: string, days: number): Promise<Certificate> => {
    await openssl(["req", ...newKey, "-keyout", file(`${name}.key`), "-out", file(`${name}.csr`), "-subj", subject]);
    const by = ["-CA", file("ca.crt"), "-CAkey", file("ca.key"), "-CAserial", file(`${name}.srl`), "-CAcreateserial"];
    await openssl([
      "x509",
      "-req",
      "-in",
      file(`${name}.csr`),
      ...by,
      "-days",
      `${days}`,
      "-extfile",
      file("names"),
      "-out",
      file(`${name}.crt`),
    ]);
    return { certificate: await readFile(file(`${name}.crt`), "utf8"), key: await readFile(file(`${name}.key`), "utf8") };
  };
  return {
    ca: await readFile(file("ca.crt"), "utf8"),
    server: await signed("server", "/CN=localhost", validDays),
    expired: await signed("expired", "/CN=localhost", -1),
    client: await signed("client", "/CN=client", validDays),
  };
}
