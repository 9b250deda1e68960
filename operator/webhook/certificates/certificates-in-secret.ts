import type { Logger } from "pino";
import type { Clock } from "../../control/clock.ts";
import { sleep } from "../../kube/timing.ts";
import type { Api } from "../../kube/api.ts";
import { holdServingCertificate, type ServingCertificateHolder, type ServingCertificates } from "./serving-certificate.ts";
import { type LiveSecret, secretType } from "./stored-certificates.ts";

/** Which Secret, and with what it is read. */
export interface CertificatesInSecretOptions {
  readonly api: Api;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly namespace: string;
  readonly secret: string;
}

/** How long a watch lasts, in seconds; the server sends bookmarks about once a minute. */
const watchSeconds = 600;
const silenceMsMax = 150_000;
/** While there is no Secret, in milliseconds: the leader is about to make it. */
const absentMs = 1_000;
/** Before the next look where a watch broke or is not allowed, in milliseconds. */
const againMs = 15_000;

/** Follows the Secret's `tls.crt` and `tls.key`, from now on. A Secret that is deleted or spoiled leaves the last one served. */
export function certificatesInSecret(options: CertificatesInSecretOptions): ServingCertificates {
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
  { api, clock, logger, namespace, secret: name }: CertificatesInSecretOptions,
  held: ServingCertificateHolder,
  signal: AbortSignal,
): Promise<void> {
  const take = ({ data = {} }: LiveSecret): void => {
    const text = (key: string) => Buffer.from(data[key] ?? "", "base64").toString("utf8");
    if (held.offer(text("tls.crt"), text("tls.key"))) return;
    logger.warn(
      { secret: name },
      "certificates of the webhook: the Secret has no certificate with its key, the last one is served on",
    );
  };
  const look = async (): Promise<number> => {
    const found = await api.get<LiveSecret>(secretType, { namespace, name }, { signal });
    if (found === null) return absentMs;
    take(found);
    const { resourceVersion = "0" } = found.metadata;
    const selection = { namespace, fieldSelector: `metadata.name=${name}`, resourceVersion };
    for await (const event of api.watch<LiveSecret>(secretType, {
      ...selection,
      timeoutSeconds: watchSeconds,
      silenceMsMax,
      signal,
    })) {
      if (event.type === "ADDED" || event.type === "MODIFIED") take(event.object);
    }
    return absentMs;
  };
  while (!signal.aborted) {
    let waitMs = againMs;
    try {
      waitMs = await look();
    } catch (error) {
      if (!signal.aborted) logger.info({ err: error, secret: name }, "certificates of the webhook: looking again");
    }
    await sleep(clock, waitMs, signal);
  }
}
