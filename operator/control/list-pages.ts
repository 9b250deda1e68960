import type { Api, Selection } from "../kube/api.ts";
import { isApiError } from "../kube/api-error.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import type { ResourceType } from "../kube/resource-type.ts";

/** Objects of a page: some megabytes. */
const pageSize = 500;
/** Pages of a list: as many objects as fit into no cache of ours. */
const pagesMax = 2_000;

/** Which objects, and what becomes of them. */
export interface Listing<T extends KubeObject> {
  readonly api: Pick<Api, "list">;
  readonly type: ResourceType;
  readonly selection: Selection;
  readonly signal: AbortSignal;
  /** Makes of an object what is kept: at once, so that there is never more than a page of whole objects. */
  readonly prepare: (object: T) => T;
  /** Called for each page. */
  readonly heard: () => void;
}

/** All objects, and the version at which they were so. */
export interface Listed<T extends KubeObject> {
  readonly objects: readonly T[];
  readonly resourceVersion: string;
}

/**
 * Lists all objects as they are now (not "whatever the server has at hand", resourceVersion 0: after a restart that may be older
 * than what we did before it), page by page; where the pages take so long that their version expires, in one piece.
 */
export async function listPages<T extends KubeObject>(listing: Listing<T>): Promise<Listed<T>> {
  try {
    return await pages(listing, pageSize);
  } catch (error) {
    if (!isApiError(error, "Expired", "Gone")) throw error;
    return pages(listing, undefined);
  }
}

async function pages<T extends KubeObject>(
  { api, type, selection, signal, prepare, heard }: Listing<T>,
  limit: number | undefined,
): Promise<Listed<T>> {
  const objects: T[] = [];
  let from = "";
  for (let count = 0; count < pagesMax; count++) {
    const page = await api.list<T>(type, { ...selection, signal, ...(limit && { limit }), ...(from && { continue: from }) });
    heard();
    for (const object of page.items) objects.push(prepare(object));
    if (page.continue === "") return { objects, resourceVersion: page.resourceVersion };
    from = page.continue;
  }
  throw new Error(`list ${type.kind}: more than ${pagesMax} pages of ${pageSize}: watch fewer namespaces`);
}
