import { inject } from "vitest";
import type { SecureBroker } from "./broker.ts";

/** What global-setup.ts offers to all tests of a run. */
export interface SharedParts {
  readonly "/broker": { readonly bootstrap: string; readonly secure: SecureBroker };
  readonly "/registry": { readonly url: string };
}

declare module "vitest" {
  interface ProvidedContext {
    /** Where global-setup.ts answers. */
    sharedParts: string;
  }
}

/** The run's one broker, with its secure listeners; the first to ask waits for its start. Never stop or restart it: start your own for that. */
export const sharedBroker = (): Promise<SharedParts["/broker"]> => ask("/broker");

/** The run's one schema registry; likewise. Use subjects of your own. */
export const sharedSchemaRegistry = (): Promise<SharedParts["/registry"]> => ask("/registry");

async function ask<P extends keyof SharedParts>(part: P): Promise<SharedParts[P]> {
  const response = await fetch(inject("sharedParts") + part);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text) as SharedParts[P];
}
