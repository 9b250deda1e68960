import type { Api } from "../../../operator/kube/api.ts";

/** The process that used this API is dead: nothing it does has an effect any more. */
class Dead extends Error {
  override readonly name = "Dead";
}

/** An API whose user dies at one of its writes. */
export interface MortalApi {
  readonly api: Api;
  /** Resolves when it has died. */
  readonly died: Promise<void>;
  /** Writes that reached the server. */
  readonly writes: () => number;
}

/**
 * `api`, whose user dies at write number `at`, counted from 0: before the server has it, or after, without hearing of it. From then on
 * everything throws.
 */
export function mortalApi(api: Api, at: number, happens: "before" | "after"): MortalApi {
  const { promise: died, resolve } = Promise.withResolvers<void>();
  let count = 0;
  let dead = false;
  const die = (): never => {
    dead = true;
    resolve();
    throw new Dead(`dead at write ${at}`);
  };
  const write = async <T>(send: () => Promise<T>): Promise<T> => {
    if (dead) throw new Dead("dead already");
    const mine = count++;
    if (mine === at && happens === "before") die();
    const answer = await send();
    return mine === at || dead ? die() : answer;
  };
  return {
    api: {
      ...api,
      create: (type, object, options) => write(() => api.create(type, object, options)),
      apply: (type, object, options) => write(() => api.apply(type, object, options)),
      patch: (type, key, patch, options) => write(() => api.patch(type, key, patch, options)),
      replace: (type, object, options) => write(() => api.replace(type, object, options)),
      delete: (type, key, options) => write(() => api.delete(type, key, options)),
    },
    died,
    writes: () => count,
  };
}
