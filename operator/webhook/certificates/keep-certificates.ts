import type { Logger } from "pino";
import type { Clock } from "../../control/clock.ts";
import { sleep } from "../../kube/timing.ts";
import type { Api } from "../../kube/api.ts";
import { publishCaBundle } from "./ca-bundle.ts";
import { issueAuthority, issueServing, type KeyPair } from "./issue-certificate.ts";
import { authorityMs, backdatedMs, type CertificateStep, nextStep, servingMs } from "./next-step.ts";
import { bundleOf, type LiveSecret, secretData, secretType, type StoredCertificates, storedIn } from "./stored-certificates.ts";

/** What is kept, and with what. */
export interface KeepCertificatesOptions {
  readonly api: Api;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fieldManager: string;
  readonly namespace: string;
  /** The Secret; it is made where there is none. */
  readonly secret: string;
  /** The ValidatingWebhookConfiguration that is to trust them. */
  readonly configuration: string;
  /** DNS names and IPv4 addresses under which API servers call the webhook, such as `snowline-webhook.snowline.svc`. */
  readonly names: readonly string[];
}

/** Longest between two looks, in milliseconds: someone may have deleted the Secret, or applied the configuration without its bundle. */
const lookEveryMs = 300_000;
/** Between two looks while there is no configuration or a look failed, in milliseconds. */
const retryMs = 10_000;
/** Steps of one look: a new authority, a new serving certificate, and one that another leader has forestalled. */
const stepsMax = 3;

/**
 * Keeps the webhook's certificates: makes them, renews them in time, and has API servers trust the authority before anything that
 * it signed is served. For the leader; ends with `signal`, and never throws: a failure is told and tried again.
 */
export async function keepCertificates(options: KeepCertificatesOptions, signal: AbortSignal): Promise<void> {
  const look = openLook(options);
  while (!signal.aborted) {
    let waitMs = retryMs;
    try {
      waitMs = await look(signal);
    } catch (error) {
      if (!signal.aborted)
        options.logger.warn({ err: error, secret: options.secret }, "certificates of the webhook: not kept, trying again");
    }
    await sleep(options.clock, waitMs, signal);
  }
}

/** Looks once and does what is due. The answer is in how many milliseconds to look again. */
export function openLook(options: KeepCertificatesOptions): (signal: AbortSignal) => Promise<number> {
  const { api, clock, namespace, secret: name, names } = options;
  let published: { readonly bundle: string; readonly sinceMs: number } | null = null;
  const publish = async (stored: StoredCertificates, signal: AbortSignal): Promise<void> => {
    const bundle = bundleOf(stored);
    if (!(await publishCaBundle(options, bundle, signal))) published = null;
    else if (published?.bundle !== bundle) published = { bundle, sinceMs: clock.now() };
  };
  return async (signal) => {
    for (let steps = 0; steps < stepsMax; steps++) {
      const secret = await api.get<LiveSecret>(secretType, { namespace, name }, { signal });
      const stored = secret === null ? null : storedIn(secret);
      if (stored !== null) await publish(stored, signal);
      const step = nextStep({ stored, names, publishedMs: published?.sinceMs ?? null, nowMs: clock.now() });
      if (step.kind === "none") return Math.min(step.lookAgainMs, published === null ? retryMs : lookEveryMs);
      await write(options, secret, secretData(await afterStep(step, stored, { names, nowMs: clock.now() })), signal);
      options.logger.info({ secret: name, step: step.kind, reason: step.reason }, "certificates of the webhook: renewed");
    }
    return retryMs;
  };
}

async function afterStep(
  { kind }: Exclude<CertificateStep, { readonly kind: "none" }>,
  stored: StoredCertificates | null,
  { names, nowMs }: { readonly names: readonly string[]; readonly nowMs: number },
): Promise<StoredCertificates> {
  const fromMs = nowMs - backdatedMs;
  const serving = (authority: KeyPair) => issueServing(authority, names, { fromMs, untilMs: nowMs + servingMs });
  if (stored !== null && kind === "serving") return { ...stored, serving: await serving(stored.authority) };
  const day = new Date(nowMs).toISOString().slice(0, 10);
  const authority = await issueAuthority(`Snowline webhook CA ${day}`, { fromMs, untilMs: nowMs + authorityMs });
  if (stored === null || kind !== "authority") return { authority, former: [], serving: await serving(authority) };
  // One before the last signed nothing that is still served.
  return { authority, former: [stored.authority.certificate], serving: stored.serving };
}

/** Throws ApiError where another leader was quicker. */
async function write(
  { api, namespace, secret: name, fieldManager }: KeepCertificatesOptions,
  live: LiveSecret | null,
  data: LiveSecret["data"] & {},
  signal: AbortSignal,
): Promise<void> {
  if (live !== null) {
    await api.replace(secretType, { ...live, data: { ...live.data, ...data } }, { fieldManager, signal });
    return;
  }
  const metadata = { name, namespace, labels: { "app.kubernetes.io/managed-by": "snowline" } };
  const made: LiveSecret = { apiVersion: "v1", kind: "Secret", metadata, type: "kubernetes.io/tls", data };
  await api.create(secretType, made, { fieldManager, signal });
}
