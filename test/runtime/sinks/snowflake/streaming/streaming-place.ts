import type { SnowflakeSink } from "../../../../../crds/connectors/snowflake.ts";
import type { ComponentContext } from "../../../../../runtime/component/context.ts";
import type { Sink } from "../../../../../runtime/component/sink.ts";
import { snowflakeAccount } from "../../../../../runtime/snowflake/account.ts";
import { sinkNames } from "../../../../../runtime/sinks/snowflake/sink-names.ts";
import { type StreamingLimits, streamingLimits } from "../../../../../runtime/sinks/snowflake/streaming/limits.ts";
import { openStreamingSink } from "../../../../../runtime/sinks/snowflake/streaming/streaming-sink.ts";
import { randomUUID } from "node:crypto";
import type { Place } from "../snowflake-place.ts";

/** The manifest's defaults. */
const streaming = {
  everySeconds: 1,
  upToBytes: "16Mi",
  upToRows: 500_000,
  onRejectedRows: "stop",
} as const satisfies SnowflakeSink["load"]["streaming"];

/** As for Snowflake, with short waits. */
const shortLimits: StreamingLimits = { ...streamingLimits, commitMs: 5000, lookMs: 2, lookMsMax: 20, ownerMs: 100 };

/** How a sink differs from the usual one. */
export interface OpenStreaming {
  readonly load?: Partial<NonNullable<SnowflakeSink["load"]["streaming"]>>;
  readonly limits?: Partial<StreamingLimits>;
  readonly context?: Partial<ComponentContext>;
}

/** Another sink on the place's table, as another pod would open it. The caller disposes of it. */
export function openStreaming(place: Place, { load, limits, context: changes }: OpenStreaming = {}): Sink {
  const spec = place.spec({ load: { streaming: { ...streaming, ...load } } });
  const context = { ...place.context, ...changes };
  const owner = randomUUID();
  return openStreamingSink(
    {
      spec,
      context,
      account: snowflakeAccount(place.account.spec, context),
      names: sinkNames(spec, context.pipeline),
      owner,
      tag: { namespace: context.pipeline.namespace, pipeline: context.pipeline.name, run: owner },
    },
    { ...shortLimits, ...limits },
  );
}
