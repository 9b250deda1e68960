import { isAbsolute, join } from "node:path";
import { pino } from "pino";
import type { ComponentContext } from "../../../runtime/component/context.ts";

/** Surroundings of a sink in a temporary directory. Sinks here use no connection and no secret. */
export function sinkContext(directory: string, pipeline = { namespace: "shop", name: "orders" }): ComponentContext {
  const none = () => {
    throw new Error("these sinks have no connection and no secret");
  };
  return {
    pipeline,
    connection: none,
    secret: none,
    value: none,
    path: (text) => (isAbsolute(text) ? text : join(directory, text)),
    scratchDirectory: directory,
    now: () => Date.now(),
    log: pino({ level: "silent" }),
  };
}
