import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import { isIPv4 } from "node:net";
import { bitString, boolean, explicit, implicit, integer, octetString, oid, sequence, set, time, utf8String } from "./der.ts";

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

const id = {
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  commonName: "2.5.4.3",
  basicConstraints: "2.5.29.19",
  keyUsage: "2.5.29.15",
  extendedKeyUsage: "2.5.29.37",
  serverAuthentication: "1.3.6.1.5.5.7.3.1",
  subjectKeyIdentifier: "2.5.29.14",
  authorityKeyIdentifier: "2.5.29.35",
  subjectAlternativeName: "2.5.29.17",
} as const;
/** keyCertSign and cRLSign, and digitalSignature: bits 5 and 6, and bit 0, of nine. */
const mayCertify = bitString(Buffer.from([0x06]), 1);
const maySign = bitString(Buffer.from([0x80]), 7);
/** Bytes of a serial number: 128 bits of chance, as public authorities have. */
const serialBytes = 16;

/** Makes a certificate authority (ECDSA, P-256) that signs itself and may certify servers, not other authorities. */
export function issueAuthority(commonName: string, validity: Validity): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = nameOf(commonName);
  return issue({ privateKey, publicKey, signedBy: privateKey }, validity, {
    issuer: name,
    subject: name,
    extensions: [
      extension(id.basicConstraints, sequence(boolean(true), integer(Buffer.from([0]))), "critical"),
      extension(id.keyUsage, mayCertify, "critical"),
      extension(id.subjectKeyIdentifier, octetString(keyIdentifier(publicKey))),
    ],
  });
}

/** Makes a server's certificate (ECDSA, P-256) for these DNS names and IPv4 addresses, signed by the authority. */
export function issueServing(authority: KeyPair, names: readonly string[], validity: Validity): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = new X509Certificate(authority.certificate);
  const issuerKey = createPrivateKey(authority.key);
  return issue({ privateKey, publicKey, signedBy: issuerKey }, validity, {
    issuer: nameOf(issuer.subject.replace(/^CN=/, "")),
    subject: nameOf("Snowline webhook"),
    extensions: [
      extension(id.basicConstraints, sequence(), "critical"),
      extension(id.keyUsage, maySign, "critical"),
      extension(id.extendedKeyUsage, sequence(oid(id.serverAuthentication))),
      extension(id.subjectKeyIdentifier, octetString(keyIdentifier(publicKey))),
      extension(id.authorityKeyIdentifier, sequence(implicit(0, keyIdentifier(createPublicKey(issuerKey))))),
      extension(id.subjectAlternativeName, sequence(...names.map(alternativeName))),
    ],
  });
}

interface Keys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly signedBy: KeyObject;
}

interface Content {
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly extensions: readonly Buffer[];
}

function issue({ privateKey, publicKey, signedBy }: Keys, { fromMs, untilMs }: Validity, content: Content): KeyPair {
  const algorithm = sequence(oid(id.ecdsaWithSha256));
  const version3 = explicit(0, integer(Buffer.from([2])));
  const serial = randomBytes(serialBytes);
  // Positive and of its full length, whatever chance says.
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const signed = sequence(
    version3,
    integer(serial),
    algorithm,
    content.issuer,
    sequence(time(fromMs), time(untilMs)),
    content.subject,
    publicKey.export({ type: "spki", format: "der" }),
    explicit(3, sequence(...content.extensions)),
  );
  const certificate = sequence(signed, algorithm, bitString(sign("sha256", signed, signedBy)));
  return {
    certificate: pem("CERTIFICATE", certificate),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

const nameOf = (commonName: string): Buffer => sequence(set(sequence(oid(id.commonName), utf8String(commonName))));

const extension = (name: string, value: Buffer, critical?: "critical"): Buffer =>
  sequence(oid(name), ...(critical === undefined ? [] : [boolean(true)]), octetString(value));

/** SHA-1 of the key, as RFC 5280 (4.2.1.2) proposes: it only names the key. */
const keyIdentifier = (publicKey: KeyObject): Buffer =>
  createHash("sha1")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest();

function alternativeName(name: string): Buffer {
  return isIPv4(name) ? implicit(7, Buffer.from(name.split(".").map(Number))) : implicit(2, Buffer.from(name, "ascii"));
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
