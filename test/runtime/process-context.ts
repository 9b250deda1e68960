import { resolve } from "node:path";
import type { Logger } from "pino";
import type { ConnectionSpec } from "../../crds/kinds/connection.ts";
import type { ComponentContext } from "../../runtime/component/context.ts";

/** What a process that plays a pod was given. */
export interface GivenProcess {
  readonly connections: Readonly<Record<string, ConnectionSpec>>;
  /** Values by `<secret>/<key>`. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The pipeline's folder. */
  readonly directory: string;
  readonly scratchDirectory: string;
}

/** The surroundings of a pipeline's parts in such a process. */
export function processContext(
  { connections, secrets, directory, scratchDirectory }: GivenProcess,
  { pipeline, log }: { readonly pipeline: ComponentContext["pipeline"]; readonly log: Logger },
): ComponentContext {
  return {
    pipeline,
    connection: (name) => connections[name]!,
    secret: async ({ secret, key }) => secrets[`${secret}/${key}`]!,
    value: async () => "",
    path: (text) => resolve(directory, text),
    scratchDirectory,
    now: () => Date.now(),
    log,
  };
}
