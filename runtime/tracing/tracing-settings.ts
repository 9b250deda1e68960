/** What the environment says of tracing. The rest of OpenTelemetry's variables its SDK reads by itself. */
export type TracingSettings =
  | { readonly on: false; readonly warning: string | null }
  | {
      readonly on: true;
      /** File with headers for the receiver, as OTEL_EXPORTER_OTLP_HEADERS has them; null where there is none. */
      readonly headersFile: string | null;
      /** Spans that may wait to be sent. */
      readonly queueMax: number;
      /** Longest call of the receiver, its retries included. */
      readonly timeoutMs: number;
    };

/** The SDK's own default of OTEL_BSP_MAX_QUEUE_SIZE: some 400 batches. */
const queueMaxDefault = 2048;
/**
 * How long the receiver may take for a call with all its retries, in milliseconds, where OTEL_EXPORTER_OTLP_TIMEOUT says nothing. Not the
 * SDK's ten seconds: at a process's end they would be waited for.
 */
const timeoutMsDefault = 2000;

/** Tracing is on where an endpoint is named, and nothing says otherwise. */
export function tracingSettings(environment: Readonly<Record<string, string | undefined>>): TracingSettings {
  const named = (name: string): string | undefined =>
    environment[`OTEL_EXPORTER_OTLP_TRACES_${name}`] || environment[`OTEL_EXPORTER_OTLP_${name}`] || undefined;
  const exporters = environment["OTEL_TRACES_EXPORTER"] || "otlp";
  const disabled = environment["OTEL_SDK_DISABLED"]?.toLowerCase() === "true" || !exporters.split(",").includes("otlp");
  if (disabled || named("ENDPOINT") === undefined) return { on: false, warning: null };
  const protocol = named("PROTOCOL");
  if (protocol !== undefined && protocol !== "http/protobuf")
    return { on: false, warning: `OTEL_EXPORTER_OTLP_PROTOCOL: traces leave by http/protobuf only, not by ${protocol}` };
  return {
    on: true,
    headersFile: named("HEADERS_FILE") ?? null,
    queueMax: countIn(environment["OTEL_BSP_MAX_QUEUE_SIZE"]) ?? queueMaxDefault,
    timeoutMs: countIn(named("TIMEOUT")) ?? timeoutMsDefault,
  };
}

function countIn(text: string | undefined): number | null {
  const count = Number(text);
  return Number.isSafeInteger(count) && count > 0 ? count : null;
}

/** `name=value,name=value` with percent-encoded values, as in OTEL_EXPORTER_OTLP_HEADERS, or one on each line. */
export function headersIn(text: string): Record<string, string> {
  const pairs = text.split(/[,\n]/).flatMap((pair): [string, string][] => {
    const at = pair.indexOf("=");
    return at <= 0 ? [] : [[pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())]];
  });
  return Object.fromEntries(pairs);
}
