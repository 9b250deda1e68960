import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { request as requestHttps } from "node:https";
import type { AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { systemClock } from "../../../operator/control/clock.ts";
import type { ClusterAccess } from "../../../operator/kube/cluster-access.ts";
import { kubeconfigAccess } from "../../../operator/kube/kubeconfig-access.ts";

/** What the gate says in the API server's place. */
export interface GateAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** null: nothing. */
  readonly body: object | null;
}

/** Stands before an API server, which it asks as the administrator. */
export interface ApiGate extends AsyncDisposable {
  readonly access: ClusterAccess;
  /** Path and query of each request. */
  readonly seen: string[];
  /** Answers in the server's place; null: the server answers. */
  answer: (url: string) => GateAnswer | null;
  /** Answers are passed on in pieces of this many bytes. */
  pieceBytes: number;
}

/** Opens a gate to the API server of the kubeconfig. */
export async function openGate(kubeconfig: string): Promise<ApiGate> {
  const behind = await kubeconfigAccess({ file: kubeconfig }, systemClock);
  const { tls } = await behind.credentials();
  const server = createServer((request, response) => {
    gate.seen.push(request.url!);
    const answer = gate.answer(request.url!);
    if (answer === null) forward(request, response);
    else
      response
        .writeHead(answer.status, { ...answer.headers })
        .end(answer.body === null ? "" : `${JSON.stringify(answer.body)}\n`);
  });
  const forward = (request: IncomingMessage, response: ServerResponse): void => {
    const { host: _host, ...headers } = request.headers;
    const onward = requestHttps(`${behind.server}${request.url}`, { method: request.method, headers, agent: false, ...tls });
    onward.on("response", (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      response.flushHeaders();
      void passOn(answer, response, () => gate.pieceBytes);
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const gate: ApiGate = {
    access: {
      server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      namespace: "default",
      credentials: () => Promise.resolve({ tls: {}, headers: {} }),
      refused: () => {},
    },
    seen: [],
    answer: () => null,
    pieceBytes: Infinity,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return gate;
}

async function passOn(answer: IncomingMessage, response: ServerResponse, pieceBytes: () => number): Promise<void> {
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      const bytes = Math.min(pieceBytes(), chunk.length);
      for (let at = 0; at < chunk.length; at += bytes) {
        response.write(chunk.subarray(at, at + bytes));
        if (bytes < chunk.length) await turn();
      }
    }
    response.end();
  } catch {
    response.destroy();
  }
}
