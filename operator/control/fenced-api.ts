import type { Api, WriteOptions } from "../kube/api.ts";
import { openAbortScope } from "../kube/abort-scope.ts";
import { type Leadership, LeadershipLost } from "./leadership.ts";

/** What a write can be stopped by. */
type Fence = Pick<WriteOptions, "signal" | "guard">;

/**
 * An API that only writes while this process leads: else it throws LeadershipLost without asking the server, before each try of a
 * write, and ends those on their way. A write that the server already has is done: the lease lasts longer than the term for its sake. Reads go
 * through.
 */
export function fencedApi(api: Api, leadership: Leadership): Api {
  const guard = (): void => {
    if (leadership.isValid()) return;
    const { reason } = leadership.signal;
    if (reason instanceof LeadershipLost) throw reason;
    throw new LeadershipLost("lease: not renewed in time; this process writes nothing until it leads again");
  };
  const write = async <O extends Fence, T>(options: O, send: (options: O & Required<Fence>) => Promise<T>): Promise<T> => {
    guard();
    using scope = openAbortScope(options.signal, leadership.signal);
    return await send({ ...options, signal: scope.signal, guard });
  };
  return {
    ...api,
    create: (type, object, options) => write(options, (fenced) => api.create(type, object, fenced)),
    apply: (type, object, options) => write(options, (fenced) => api.apply(type, object, fenced)),
    patch: (type, key, patch, options) => write(options, (fenced) => api.patch(type, key, patch, fenced)),
    replace: (type, object, options) => write(options, (fenced) => api.replace(type, object, fenced)),
    delete: (type, key, options = {}) => write(options, (fenced) => api.delete(type, key, fenced)),
  };
}
