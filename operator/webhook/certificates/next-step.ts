import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { KeyPair } from "./issue-certificate.ts";
import type { StoredCertificates } from "./stored-certificates.ts";

/** What the certificates need next. */
export type CertificateStep =
  /** Nothing before `lookAgainMs` milliseconds have passed. */
  | { readonly kind: "none"; readonly lookAgainMs: number }
  /** A new authority and a new serving certificate: nothing that is there can be gone on with. */
  | { readonly kind: "begin"; readonly reason: string }
  /** A new authority that clients come to trust besides the old one, before anything is served that it signed. */
  | { readonly kind: "authority"; readonly reason: string }
  /** A new serving certificate, signed by the newest authority. */
  | { readonly kind: "serving"; readonly reason: string };

/** How things stand. */
export interface CertificatesNow {
  readonly stored: StoredCertificates | null;
  /** DNS names and addresses under which the webhook is called. */
  readonly names: readonly string[];
  /** Since when clients have been told to trust the bundle as it is; null: they have not. */
  readonly publishedMs: number | null;
  readonly nowMs: number;
}

const dayMs = 86_400_000;
/** How long a serving certificate lives, in milliseconds. */
export const servingMs = 90 * dayMs;
/** How long an authority lives, in milliseconds: some twenty serving certificates. */
export const authorityMs = 5 * 365 * dayMs;
/** From this part of its life on a certificate is renewed: of a serving one's 90 days, 30 remain for whatever goes wrong. */
const renewAfter = 2 / 3;
/** A certificate begins this long before it is made, as clocks differ, in milliseconds. */
export const backdatedMs = 3_600_000;
/** How long API servers may take to see a new trust bundle, in milliseconds: seconds in fact. */
const publishedAfterMs = 600_000;

/** Chooses it. Pure. */
export function nextStep({ stored, names, publishedMs, nowMs }: CertificatesNow): CertificateStep {
  if (stored === null) return { kind: "begin", reason: "there are no certificates yet, or they cannot be read" };
  const authority = lifeOf(stored.authority);
  if (nowMs >= authority.untilMs) return { kind: "begin", reason: "the authority has expired" };
  if (nowMs >= authority.renewMs) return { kind: "authority", reason: "the authority has lived two thirds of its life" };
  const serving = lifeOf(stored.serving);
  const trustedMs = (publishedMs ?? nowMs) + publishedAfterMs;
  const succeeded = !signedBy(stored.serving, stored.authority);
  if (nowMs >= serving.untilMs) return { kind: "serving", reason: "the serving certificate has expired" };
  // Until all trust the new authority, the former one's certificate is what all trust; its key is gone.
  if (succeeded && nowMs < trustedMs) return { kind: "none", lookAgainMs: trustedMs - nowMs };
  if (succeeded) return { kind: "serving", reason: "there is a new authority" };
  if (nowMs >= serving.renewMs) return { kind: "serving", reason: "the serving certificate has lived two thirds of its life" };
  const missing = names.find((name) => !isFor(stored.serving, name));
  if (missing !== undefined) return { kind: "serving", reason: `the serving certificate is not for ${missing}` };
  return { kind: "none", lookAgainMs: Math.min(serving.renewMs, authority.renewMs) - nowMs };
}

interface Life {
  readonly fromMs: number;
  readonly renewMs: number;
  readonly untilMs: number;
}

function lifeOf({ certificate }: KeyPair): Life {
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  const [fromMs, untilMs] = [validFromDate.getTime(), validToDate.getTime()];
  return { fromMs, untilMs, renewMs: fromMs + (untilMs - fromMs) * renewAfter };
}

function signedBy(serving: KeyPair, authority: KeyPair): boolean {
  return new X509Certificate(serving.certificate).verify(new X509Certificate(authority.certificate).publicKey);
}

function isFor({ certificate }: KeyPair, name: string): boolean {
  const x509 = new X509Certificate(certificate);
  return (isIP(name) === 0 ? x509.checkHost(name) : x509.checkIP(name)) !== undefined;
}
