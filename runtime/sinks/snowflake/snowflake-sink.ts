import { randomUUID } from "node:crypto";
import type { SnowflakeSink } from "../../../crds/connectors/snowflake.ts";
import type { ComponentContext } from "../../component/context.ts";
import { Terminal } from "../../component/errors.ts";
import type { Sink } from "../../component/sink.ts";
import { snowflakeAccount } from "../../snowflake/account.ts";
import { sinkNames } from "./sink-names.ts";
import type { SinkSetup } from "./sink-setup.ts";

/**
 * Opens a table in Snowflake in the manifest's way of loading. Nothing is sent before the first call. Throws Terminal where the
 * connection is not one to Snowflake.
 */
export async function openSnowflakeSink(spec: SnowflakeSink, context: ComponentContext): Promise<Sink> {
  const { snowflake } = context.connection(spec.connection);
  if (snowflake === undefined)
    throw new Terminal(
      "ConnectionMismatch",
      `connection ${spec.connection}: it is not one to Snowflake: name one with spec.snowflake`,
    );
  const owner = randomUUID();
  const { generation } = context.pipeline;
  const tagged = generation === undefined ? {} : { generation };
  const setup: SinkSetup = {
    spec,
    context,
    account: snowflakeAccount(snowflake, context),
    names: sinkNames(spec, context.pipeline),
    owner,
    tag: { ...tagged, namespace: context.pipeline.namespace, pipeline: context.pipeline.name, run: owner },
  };
  const { copy, streaming } = spec.load;
  if (copy !== undefined) return (await import("./copy/copy-sink.ts")).openCopySink(setup);
  if (streaming !== undefined) return (await import("./streaming/streaming-sink.ts")).openStreamingSink(setup);
  return (await import("./snowpipe/snowpipe-sink.ts")).openSnowpipeSink(setup);
}
