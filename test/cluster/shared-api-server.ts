import { inject } from "vitest";
import { type ApiAccess, type ApiPlace, apiAccess } from "./api-access.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where global-setup.ts answers. */
    sharedApiServer: string;
  }
}

/**
 * The run's one API server, with its controllers and the CRDs of crds/generated; the first to ask waits for its start. Use
 * namespaces of your own, and never change what all share: start your own for that.
 */
export async function sharedApiServer(): Promise<ApiAccess> {
  const response = await fetch(inject("sharedApiServer"));
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return apiAccess(JSON.parse(text) as ApiPlace);
}
