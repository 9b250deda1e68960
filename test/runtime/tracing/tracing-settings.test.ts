import { expect, test } from "vitest";
import { headersIn, tracingSettings } from "../../../runtime/tracing/tracing-settings.ts";

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" };
const on = { on: true, headersFile: null, queueMax: 2048, timeoutMs: 2000 };
const off = { on: false, warning: null };

test.each([
  ["nothing", {}, off],
  ["an empty endpoint", { OTEL_EXPORTER_OTLP_ENDPOINT: "" }, off],
  ["an endpoint", endpoint, on],
  ["an endpoint for traces", { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://collector:4318/v1/traces" }, on],
  ["the SDK switched off", { ...endpoint, OTEL_SDK_DISABLED: "true" }, off],
  ["no exporter of traces", { ...endpoint, OTEL_TRACES_EXPORTER: "none" }, off],
  ["OTLP among the exporters", { ...endpoint, OTEL_TRACES_EXPORTER: "console,otlp" }, on],
  ["the protocol it speaks", { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" }, on],
  ["a file of headers", { ...endpoint, OTEL_EXPORTER_OTLP_HEADERS_FILE: "/etc/h" }, { ...on, headersFile: "/etc/h" }],
  ["a queue's length", { ...endpoint, OTEL_BSP_MAX_QUEUE_SIZE: "10" }, { ...on, queueMax: 10 }],
  ["a receiver's time", { ...endpoint, OTEL_EXPORTER_OTLP_TIMEOUT: "9000" }, { ...on, timeoutMs: 9000 }],
  ["a queue of no length", { ...endpoint, OTEL_BSP_MAX_QUEUE_SIZE: "many" }, on],
])("%s", (_what, environment, settings) => {
  expect(tracingSettings(environment)).toEqual(settings);
});

test("another protocol switches it off and is said", () => {
  expect(tracingSettings({ ...endpoint, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "grpc" })).toEqual({
    on: false,
    warning: "OTEL_EXPORTER_OTLP_PROTOCOL: traces leave by http/protobuf only, not by grpc",
  });
});

test("headers are pairs, with commas or lines between them", () => {
  expect(headersIn("authorization=Bearer%20abc=, x-scope = a\n\nempty\n=no\nx-b=1\n")).toEqual({
    authorization: "Bearer abc=",
    "x-scope": "a",
    "x-b": "1",
  });
});
