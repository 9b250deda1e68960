import { randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";

/** A certificate and its key, in PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** From when to when, in milliseconds since the epoch. */
export interface Validity {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** ECDSA over P-256, which every API server takes. */
const keyAlgorithm = { name: "ECDSA", namedCurve: "P-256" } as const;
const signingAlgorithm = { name: "ECDSA", hash: "SHA-256" } as const;
/** Bytes of a serial number: 128 bits of chance, as public authorities have. */
const serialBytes = 16;

/** Only the leader makes certificates, and rarely: nobody else loads 20 MB for it. */
async function library() {
  // What @peculiar/x509 is composed with needs it.
  await import("reflect-metadata");
  return import("@peculiar/x509");
}

/** Makes a certificate authority that signs itself and may certify servers, not other authorities. */
export async function issueAuthority(commonName: string, { fromMs, untilMs }: Validity): Promise<KeyPair> {
  const x509 = await library();
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: [{ CN: [commonName] }],
      notBefore: new Date(fromMs),
      notAfter: new Date(untilMs),
      signingAlgorithm,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return { certificate: pemText(certificate), key: await keyText(keys.privateKey) };
}

/** Makes a server's certificate for these DNS names and IP addresses, signed by the authority. */
export async function issueServing(
  authority: KeyPair,
  names: readonly string[],
  { fromMs, untilMs }: Validity,
): Promise<KeyPair> {
  const x509 = await library();
  const issuer = new x509.X509Certificate(authority.certificate);
  const issuerKey = x509.PemConverter.decodeFirst(authority.key);
  const signingKey = await webcrypto.subtle.importKey("pkcs8", issuerKey, keyAlgorithm, false, ["sign"]);
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(),
      subject: [{ CN: ["Snowline webhook"] }],
      issuer: issuer.subjectName,
      notBefore: new Date(fromMs),
      notAfter: new Date(untilMs),
      signingAlgorithm,
      publicKey: keys.publicKey,
      signingKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        await x509.AuthorityKeyIdentifierExtension.create(await issuer.publicKey.export(webcrypto), false, webcrypto),
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({ type: isIP(value) === 0 ? ("dns" as const) : ("ip" as const), value })),
        ),
      ],
    },
    webcrypto,
  );
  return { certificate: pemText(certificate), key: await keyText(keys.privateKey) };
}

/** Positive and of its full length, whatever chance says. */
function serialNumber(): string {
  const bytes = randomBytes(serialBytes);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString("hex");
}

const pemText = (certificate: { toString(format: "pem"): string }): string => `${certificate.toString("pem")}\n`;

async function keyText(key: webcrypto.CryptoKey): Promise<string> {
  const { PemConverter } = await library();
  return `${PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), PemConverter.PrivateKeyTag)}\n`;
}
