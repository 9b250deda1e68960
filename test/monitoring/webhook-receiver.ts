import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** An alert, as Alertmanager hands it on. */
export interface ReceivedAlert {
  readonly status: "firing" | "resolved";
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Whoever is called at night. Disposing of it ends it. */
export interface WebhookReceiver extends AsyncDisposable {
  readonly url: string;
  /** Resolves to the first alert that came, or comes, for which it holds. */
  received(holds: (alert: ReceivedAlert) => boolean): Promise<ReceivedAlert>;
}

/** Starts it on a free port of 127.0.0.1. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const alerts: ReceivedAlert[] = [];
  const watchers = new Set<() => void>();
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      alerts.push(...(JSON.parse(body) as { alerts: readonly ReceivedAlert[] }).alerts);
      response.end();
      for (const watcher of watchers) watcher();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    received: (holds) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = alerts.find(holds);
          if (found === undefined) return;
          watchers.delete(look);
          resolve(found);
        };
        watchers.add(look);
        look();
      }),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
