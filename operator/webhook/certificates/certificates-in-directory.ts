import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import type { Clock } from "../../control/clock.ts";
import { sleep } from "../../kube/timing.ts";
import { holdServingCertificate, type ServingCertificateHolder, type ServingCertificates } from "./serving-certificate.ts";

/** Which directory, and with what it is read. */
export interface CertificatesInDirectoryOptions {
  /** Holds `tls.crt` and `tls.key`, such as a mounted Secret of cert-manager's. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How often the files are read, in milliseconds: two small files, and a kubelet takes a minute to bring new ones anyway. */
const readEveryMs = 10_000;

/** Follows the files, from now on. A pair that is read while it is being replaced, or is spoiled, leaves the last one served. */
export function certificatesInDirectory(options: CertificatesInDirectoryOptions): ServingCertificates {
  const held = holdServingCertificate();
  const stop = new AbortController();
  const following = follow(options, held, stop.signal);
  return {
    get current() {
      return held.current;
    },
    subscribe: (take) => held.subscribe(take),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await following;
    },
  };
}

async function follow(
  { directory, clock, logger }: CertificatesInDirectoryOptions,
  held: ServingCertificateHolder,
  signal: AbortSignal,
): Promise<void> {
  const read = async (): Promise<string | null> => {
    try {
      const [certificate, key] = await Promise.all(
        ["tls.crt", "tls.key"].map((name) => readFile(join(directory, name), { encoding: "utf8", signal })),
      );
      return held.offer(certificate!, key!) ? null : "tls.key is not the key of tls.crt";
    } catch (error) {
      return (error as Error).message;
    }
  };
  let told: string | null = null;
  while (!signal.aborted) {
    const wrong = await read();
    if (wrong !== null && wrong !== told && !signal.aborted)
      logger.warn({ directory, why: wrong }, "certificates of the webhook: cannot be read, the last ones are served on");
    told = wrong;
    await sleep(clock, readEveryMs, signal);
  }
}
