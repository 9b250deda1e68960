import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { bytesIn, type Message, messagesIn, numberIn, readMessage, textIn } from "./protobuf.ts";

/** A span as it came over the wire. */
export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: it is the trace's root. */
  readonly parentId: string;
  readonly startNanos: number;
  readonly endNanos: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Status code: 2 is an error. */
  readonly status: number;
  readonly message: string;
  readonly resource: Readonly<Record<string, string | number | boolean>>;
}

/** A receiver of OTLP/HTTP with protobuf, as opentelemetry/proto/collector/trace/v1/trace_service.proto has it. */
export interface OtlpReceiver extends AsyncDisposable {
  /** What OTEL_EXPORTER_OTLP_ENDPOINT is to be. */
  readonly url: string;
  /** The status of the next answers; null: none comes, ever. */
  answers: number | null;
  readonly spans: readonly ReceivedSpan[];
  readonly requests: readonly { readonly path: string; readonly headers: IncomingHttpHeaders }[];
}

function attributesIn(message: Message, field: number): Record<string, string | number | boolean> {
  const pairs = messagesIn(message, field).map((pair) => {
    const value = messagesIn(pair, 2)[0] ?? new Map();
    // AnyValue: string_value 1, bool_value 2, int_value 3.
    const read = value.has(1) ? textIn(value, 1) : value.has(2) ? numberIn(value, 2) === 1 : numberIn(value, 3);
    return [textIn(pair, 1), read] as const;
  });
  return Object.fromEntries(pairs);
}

function spansIn(body: Buffer): ReceivedSpan[] {
  return messagesIn(readMessage(body), 1).flatMap((resourceSpans) => {
    const resource = attributesIn(messagesIn(resourceSpans, 1)[0] ?? new Map(), 1);
    return messagesIn(resourceSpans, 2)
      .flatMap((scopeSpans) => messagesIn(scopeSpans, 2))
      .map((span) => {
        const status = messagesIn(span, 15)[0] ?? new Map();
        return {
          name: textIn(span, 5),
          traceId: bytesIn(span, 1).toString("hex"),
          spanId: bytesIn(span, 2).toString("hex"),
          parentId: bytesIn(span, 4).toString("hex"),
          startNanos: numberIn(span, 7),
          endNanos: numberIn(span, 8),
          attributes: attributesIn(span, 9),
          status: numberIn(status, 3),
          message: textIn(status, 2),
          resource,
        };
      });
  });
}

/** Starts one on a free port. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const requests: { path: string; headers: IncomingHttpHeaders }[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      requests.push({ path: request.url ?? "", headers: request.headers });
      if (receiver.answers === 200) spans.push(...spansIn(Buffer.concat(parts)));
      if (receiver.answers !== null) response.writeHead(receiver.answers, { "content-type": "application/x-protobuf" }).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const receiver: OtlpReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers: 200,
    spans,
    requests,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}
