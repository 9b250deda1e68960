import { X509Certificate } from "node:crypto";
import { keyPairOf } from "./stored-certificates.ts";
import type { KeyPair } from "./issue-certificate.ts";

/** What the webhook's server shows to those who connect. */
export interface ServingCertificate extends KeyPair {
  /** When it expires, in milliseconds since the epoch. */
  readonly untilMs: number;
}

/** The serving certificate as it is now: all replicas serve the same. Disposing of it ends the looking. */
export interface ServingCertificates extends AsyncDisposable {
  /** null before the first. A later one that cannot be served never takes the place of one that can. */
  readonly current: ServingCertificate | null;
  /** Calls with each new one, and at once where there is one. */
  subscribe(take: (certificate: ServingCertificate) => void): void;
}

/** Holds the serving certificate for whoever looks for new ones. */
export interface ServingCertificateHolder extends Pick<ServingCertificates, "current" | "subscribe"> {
  /** False where certificate and key do not belong together: what is there stays. */
  offer(certificate: string, key: string): boolean;
}

/** Begins with none. */
export function holdServingCertificate(): ServingCertificateHolder {
  const takers: ((certificate: ServingCertificate) => void)[] = [];
  let current: ServingCertificate | null = null;
  return {
    get current() {
      return current;
    },
    subscribe: (take) => {
      takers.push(take);
      if (current !== null) take(current);
    },
    offer: (certificate, key) => {
      if (certificate === current?.certificate && key === current.key) return true;
      const pair = keyPairOf(certificate, key);
      if (pair === null) return false;
      const taken = { ...pair, untilMs: new X509Certificate(certificate).validToDate.getTime() };
      current = taken;
      for (const take of takers) take(taken);
      return true;
    },
  };
}
