import { createPrivateKey, X509Certificate } from "node:crypto";
import type { KubeObject } from "../../kube/kube-object.ts";
import type { ResourceType } from "../../kube/resource-type.ts";
import type { KeyPair } from "./issue-certificate.ts";

/** A Secret, as far as it is read: values in base64. */
export interface LiveSecret extends KubeObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}
/** Secrets, as paths name them. */
export const secretType: ResourceType = { group: "", version: "v1", kind: "Secret", plural: "secrets", namespaced: true };

/** Everything that the Secret keeps. */
export interface StoredCertificates {
  /** The authority that signs from now on. */
  readonly authority: KeyPair;
  /** Certificates of earlier authorities, newest first: what they signed may still be served. */
  readonly former: readonly string[];
  readonly serving: KeyPair;
}

/** The certificates that clients are to trust, in PEM, the newest first. */
export const bundleOf = ({ authority, former }: StoredCertificates): string => [authority.certificate, ...former].join("");

/** `data` of the Secret, named as in a Secret of type kubernetes.io/tls. */
export function secretData(stored: StoredCertificates): Readonly<Record<string, string>> {
  const { serving, authority } = stored;
  const texts = { "tls.crt": serving.certificate, "tls.key": serving.key, "ca.crt": bundleOf(stored), "ca.key": authority.key };
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text).toString("base64")]));
}

/** What the Secret keeps; null where it keeps nothing that could be served and renewed. */
export function storedIn({ data = {} }: LiveSecret): StoredCertificates | null {
  const text = (name: string): string => Buffer.from(data[name] ?? "", "base64").toString("utf8");
  const [newest, ...former] = certificatesIn(text("ca.crt"));
  const serving = keyPairOf(text("tls.crt"), text("tls.key"));
  const authority = newest === undefined ? null : keyPairOf(newest, text("ca.key"));
  return serving === null || authority === null ? null : { authority, former, serving };
}

/** The pair where the key is the certificate's; null where it is not, or either cannot be read. */
export function keyPairOf(certificate: string, key: string): KeyPair | null {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)) ? { certificate, key } : null;
  } catch {
    return null;
  }
}

const certificatesIn = (bundle: string): readonly string[] =>
  bundle.match(/-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\n/g) ?? [];
