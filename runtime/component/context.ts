import type { Logger } from "pino";
import type { ConnectionSpec } from "../../crds/kinds/connection.ts";
import type { SecretReference, ValueReference } from "../../crds/secret-reference.ts";

/** What a connector may ask of its surroundings. Effects come in here: nothing reads the environment or the clock itself. */
export interface ComponentContext {
  readonly pipeline: {
    readonly namespace: string;
    readonly name: string;
    /** metadata.generation, where the manifest came from an API server. */
    readonly generation?: number;
  };
  /** The Connection's spec. Throws Terminal naming the connection and what there is. */
  connection(name: string): ConnectionSpec;
  /** The value, read from its file at each call so that a rotated one is seen. Throws Terminal naming the reference, never the value. */
  secret(reference: SecretReference): Promise<string>;
  /** Likewise for values that need not be secret. */
  value(reference: ValueReference): Promise<string>;
  /** Resolves a path of the manifest: relative ones start at its folder. */
  path(text: string): string;
  /** A directory for files that live as long as the process, memory-backed where there is one. */
  readonly scratchDirectory: string;
  /** Milliseconds since the epoch. */
  now(): number;
  readonly log: Logger;
}
