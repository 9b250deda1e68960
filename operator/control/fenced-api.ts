import type { Api } from "../kube/api.ts";
import { openAbortScope } from "./abort-scope.ts";
import { type Leadership, LeadershipLost } from "./leadership.ts";

/**
 * An API that only writes while this process leads: else it throws LeadershipLost without asking the server, and ends writes on
 * their way with it. A write that the server already has is done: the lease lasts longer than the term for its sake. Reads go
 * through.
 */
export function fencedApi(api: Api, leadership: Leadership): Api {
  const write = async <T>(signal: AbortSignal | undefined, send: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    if (!leadership.isValid())
      throw leadership.signal.reason instanceof LeadershipLost
        ? leadership.signal.reason
        : new LeadershipLost("lease: not renewed in time; this process writes nothing until it leads again");
    using scope = openAbortScope(signal, leadership.signal);
    return await send(scope.signal);
  };
  return {
    ...api,
    create: (type, object, options) => write(options.signal, (signal) => api.create(type, object, { ...options, signal })),
    apply: (type, object, options) => write(options.signal, (signal) => api.apply(type, object, { ...options, signal })),
    patch: (type, key, patch, options) => write(options.signal, (signal) => api.patch(type, key, patch, { ...options, signal })),
    replace: (type, object, options) => write(options.signal, (signal) => api.replace(type, object, { ...options, signal })),
    delete: (type, key, options) => write(options?.signal, (signal) => api.delete(type, key, { ...options, signal })),
  };
}
