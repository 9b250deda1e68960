import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** What a test looks at of an event. */
export interface ReceivedEvent {
  readonly eventType: string;
  readonly eventTime: string;
  readonly run: { readonly runId: string; readonly facets: Readonly<Record<string, object>> };
  readonly job: { readonly namespace: string; readonly name: string; readonly facets: Readonly<Record<string, object>> };
  readonly inputs: readonly { readonly namespace: string; readonly name: string; readonly inputFacets: object }[];
  readonly outputs: readonly { readonly namespace: string; readonly name: string; readonly outputFacets: object }[];
}

/** A receiver of lineage on this machine. Takes events, or answers otherwise. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  /** The status of the next answers; null: none comes, ever. */
  answers: number | null;
  /** Events that it took. */
  readonly events: readonly ReceivedEvent[];
  readonly headers: readonly IncomingHttpHeaders[];
  /** Requests so far, taken or not. */
  requests: number;
  /** Resolves once so many events were taken. */
  taken(count: number): Promise<void>;
  /** Resolves once so many requests have come. */
  asked(count: number): Promise<void>;
}

/** Starts one on a free port. */
export async function startReceiver(): Promise<Receiver> {
  const events: ReceivedEvent[] = [];
  const headers: IncomingHttpHeaders[] = [];
  let news = Promise.withResolvers<void>();
  const until = async (reached: () => boolean): Promise<void> => {
    while (!reached()) await news.promise;
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      receiver.requests++;
      headers.push(request.headers);
      if (receiver.answers === 200) events.push(JSON.parse(Buffer.concat(parts).toString()) as ReceivedEvent);
      if (receiver.answers !== null) response.writeHead(receiver.answers, { location: "/elsewhere" }).end();
      news.resolve();
      news = Promise.withResolvers();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/lineage`,
    answers: 200,
    events,
    headers,
    requests: 0,
    taken: (count) => until(() => events.length >= count),
    asked: (count) => until(() => receiver.requests >= count),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}
