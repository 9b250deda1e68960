import type { Logger } from "pino";
import type { Registry } from "prom-client";
import { connectionKind } from "../../crds/kinds/connection.ts";
import { group, version } from "../../crds/kinds/kind.ts";
import type { Compiler } from "../compile/compiler.ts";
import type { Clock } from "../control/clock.ts";
import type { Api } from "../kube/api.ts";
import type { ResourceType } from "../kube/resource-type.ts";
import { certificatesInDirectory } from "./certificates/certificates-in-directory.ts";
import { certificatesInSecret } from "./certificates/certificates-in-secret.ts";
import { keepCertificates } from "./certificates/keep-certificates.ts";
import type { Neighbours } from "./neighbours.ts";
import { startWebhookServer } from "./webhook-server.ts";

/** Where the serving certificate comes from. */
export type CertificateOrigin =
  /** Self-made: the leader keeps it in a Secret and has API servers trust it; see KeepCertificatesOptions. */
  | {
      readonly kind: "secret";
      readonly namespace: string;
      readonly secret: string;
      readonly configuration: string;
      readonly names: readonly string[];
    }
  /** Somebody else's, such as cert-manager's: files `tls.crt` and `tls.key`, and a bundle that its injector takes care of. */
  | { readonly kind: "directory"; readonly directory: string };

/** What the webhook is made of. */
export interface WebhookOptions extends Pick<Neighbours, "pipelines" | "connections"> {
  readonly api: Api;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly compiler: Pick<Compiler, "compile">;
  readonly fieldManager: string;
  readonly certificates: CertificateOrigin;
  /** Address and port to listen on. Port 0 takes a free one. */
  readonly host: string;
  readonly port: number;
}

/** The webhook of one replica. Disposing of it answers what is in flight and ends it. */
export interface Webhook extends AsyncDisposable {
  readonly port: number;
  /** True once it has a certificate to show: part of the replica's readiness. */
  readonly ready: boolean;
  /** What only the leader does: it keeps self-made certificates until `signal` ends. Never throws. */
  lead(signal: AbortSignal): Promise<void>;
}

const connectionType: ResourceType = {
  group,
  version,
  kind: connectionKind.kind,
  plural: connectionKind.plural,
  namespaced: true,
};

/** Starts it. Each replica has one: an API server may ask any of them. Throws where the port is taken. */
export async function startWebhook(options: WebhookOptions): Promise<Webhook> {
  const { api, clock, logger, registry, compiler, fieldManager, certificates: origin, host, port } = options;
  await using opened = new AsyncDisposableStack();
  const certificates = opened.use(
    origin.kind === "secret"
      ? certificatesInSecret({ api, clock, logger, namespace: origin.namespace, secret: origin.secret })
      : certificatesInDirectory({ directory: origin.directory, clock, logger }),
  );
  const neighbours: Neighbours = {
    pipelines: options.pipelines,
    connections: options.connections,
    readConnection: (key, signal) => api.get(connectionType, key, { signal }),
  };
  const examiner = { compiler, neighbours };
  const server = opened.use(await startWebhookServer({ port, host, certificates, examiner, clock, registry, logger }));
  const parts = opened.move();
  return {
    port: server.port,
    get ready() {
      return server.ready;
    },
    lead: async (signal) => {
      if (origin.kind === "secret") await keepCertificates({ ...origin, api, clock, logger, fieldManager }, signal);
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
