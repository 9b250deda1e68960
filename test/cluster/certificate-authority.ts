import { execFile } from "node:child_process";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { access, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What a certificate is for. */
export interface CertificateRequest {
  /** As openssl writes it: `/O=group/CN=user`. */
  readonly subject: string;
  readonly usage: "serverAuth" | "clientAuth";
  /** As openssl writes them: `DNS:localhost`, `IP:127.0.0.1`. */
  readonly names?: readonly string[];
}

/** PEM files. */
export interface IssuedCertificate {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** A certificate authority of its own, for one cluster. */
export interface CertificateAuthority {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Signs a certificate and puts it beside the authority's, as `name`.crt and `name`.key. */
  issue(name: string, request: CertificateRequest): Promise<IssuedCertificate>;
}

/** Longer than any cluster of a test or demo lives. */
const validDays = 365;
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** The certificate authority in `directory`, made there by openssl if there is none. Several processes may open one that is made. */
export async function openAuthority(directory: string): Promise<CertificateAuthority> {
  const certificateFile = join(directory, "ca.crt");
  const keyFile = join(directory, "ca.key");
  const made = await access(certificateFile).then(
    () => true,
    () => false,
  );
  if (!made) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const own = [
      "-subj",
      "/CN=Snowline test cluster",
      "-days",
      `${validDays}`,
      "-addext",
      "keyUsage=critical,keyCertSign,cRLSign",
    ];
    await openssl(["req", "-x509", ...newKey, "-keyout", keyFile, "-out", certificateFile, ...own]);
  }
  return {
    certificateFile,
    keyFile,
    issue: (name, request) => issue({ directory, certificateFile, keyFile, name, request }),
  };
}

interface Issue {
  readonly directory: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly name: string;
  readonly request: CertificateRequest;
}

async function issue({ directory, certificateFile, keyFile, name, request }: Issue): Promise<IssuedCertificate> {
  const issued = { certificateFile: join(directory, `${name}.crt`), keyFile: join(directory, `${name}.key`) };
  const unsigned = join(directory, `${name}.csr`);
  const extensions = join(directory, `${name}.ext`);
  const names = request.names === undefined ? "" : `subjectAltName=${request.names.join(",")}\n`;
  await writeFile(extensions, `keyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=${request.usage}\n${names}`);
  await openssl(["req", ...newKey, "-keyout", issued.keyFile, "-out", unsigned, "-subj", request.subject]);
  // A number of its own instead of a counter in a file, so that processes may sign at the same time.
  const serial = ["-set_serial", `0x${randomUUID().replaceAll("-", "").slice(1)}`];
  const by = ["-CA", certificateFile, "-CAkey", keyFile, ...serial, "-days", `${validDays}`, "-extfile", extensions];
  await openssl(["x509", "-req", "-in", unsigned, ...by, "-out", issued.certificateFile]);
  await Promise.all([rm(unsigned), rm(extensions)]);
  return issued;
}

/** A key for the tokens of service accounts: its file serves for signing and for checking. */
export async function makeSigningKey(file: string): Promise<void> {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await writeFile(file, privateKey.export({ type: "sec1", format: "pem" }), { mode: 0o600 });
}

/** A file as a kubeconfig holds it: in base64. */
export async function encodedFile(file: string): Promise<string> {
  return (await readFile(file)).toString("base64");
}

async function openssl(args: readonly string[]): Promise<void> {
  await run("openssl", args).catch((cause: unknown) => {
    throw new Error("openssl: could not make the cluster's certificates; install openssl 1.1.1 or newer", { cause });
  });
}
