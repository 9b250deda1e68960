import { resolve } from "node:path";
import { pino } from "pino";
import type { ConnectionSpec } from "../../../crds/kinds/connection.ts";
import type { ComponentContext } from "../../../runtime/component/context.ts";

/** What there is on the laptop. */
export interface LaptopOptions {
  /** The manifest's folder, also for scratch files. */
  readonly folder: string;
  readonly connections?: Readonly<Record<string, ConnectionSpec>>;
  /** By `<secret or config map>/<key>`. */
  readonly secrets?: Readonly<Record<string, string>>;
  now?(): number;
  /** Collects what is logged, one JSON text each. */
  readonly logged?: string[];
}

/** What connectors see of their surroundings, over a folder. */
export function laptopContext({
  folder,
  connections = {},
  secrets = {},
  now = Date.now,
  logged = [],
}: LaptopOptions): ComponentContext {
  return {
    pipeline: { namespace: "shop", name: "orders" },
    connection: (name) => connections[name]!,
    secret: async ({ secret, key }) => secrets[`${secret}/${key}`]!,
    value: async ({ secret, configMap, key }) => secrets[`${secret ?? configMap}/${key}`]!,
    path: (text) => resolve(folder, text),
    scratchDirectory: folder,
    now,
    log: pino({ level: "debug" }, { write: (line: string) => void logged.push(line) }),
  };
}
