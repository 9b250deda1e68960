import { expect } from "vitest";
import { systemClock } from "../../../operator/control/clock.ts";
import { type Reflector, type ReflectorOptions, startReflector } from "../../../operator/control/reflector.ts";
import type { Api } from "../../../operator/kube/api.ts";
import type { KubeObject } from "../../../operator/kube/kube-object.ts";
import type { ResourceType } from "../../../operator/kube/resource-type.ts";

/** ConfigMaps: objects that nobody but the test changes. */
export const configMaps: ResourceType = { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true };

/** A ConfigMap as tests see it. */
export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** A reflector, and what it told. */
export interface Reflected extends AsyncDisposable {
  readonly reflector: Reflector<ConfigMap>;
  /** `- > uid`, `uid > uid`, `uid > -`, by the object's name. */
  readonly told: string[];
  /** Messages it logged, with the error's where there is one. */
  readonly logged: string[];
  readonly counts: { restarts: number; lists: number };
  /** Waits until the store has just what a fresh list by `api` has; then what was told adds up to it, too. */
  agrees(api: Pick<Api, "list">): Promise<void>;
}

/** Pauses last a twentieth of what they should. */
const quickClock = {
  ...systemClock,
  after: (delayMs: number, call: () => void) => systemClock.after(delayMs / 20, call),
};
const agreeMsMax = 20_000;

/** Starts a reflector of the ConfigMaps of a namespace and plays its changes into a map, which must be what each of them says. */
export function startReflected(
  api: Pick<Api, "list" | "watch">,
  namespace: string,
  options: Partial<ReflectorOptions<ConfigMap>> = {},
): Reflected {
  const played = new Map<string, ConfigMap>();
  const faults: string[] = [];
  const told: string[] = [];
  const logged: string[] = [];
  const counts = { restarts: 0, lists: 0 };
  const log = (fields: object, message: string) =>
    void logged.push("err" in fields ? `${message}: ${(fields.err as Error).message}` : message);
  const selection = { namespace, ...options.selection };
  const reflector = startReflector<ConfigMap>({
    api,
    type: configMaps,
    clock: quickClock,
    random: Math.random,
    log: { debug: log, info: log, warn: log, error: log } as unknown as ReflectorOptions<ConfigMap>["log"],
    observe: () => ({ watchRestarted: () => counts.restarts++, listed: () => counts.lists++ }),
    ...options,
    selection,
    onChange: (before, after) => {
      const { name } = (after ?? before)!.metadata;
      told.push(`${name}: ${before?.metadata.uid ?? "-"} > ${after?.metadata.uid ?? "-"}`);
      if ((played.get(name) ?? null) !== before) faults.push(`${name}: changed from what it was not`);
      if (before !== null && after !== null && before.metadata.uid !== after.metadata.uid) faults.push(`${name}: became another`);
      if (before !== null && after !== null && versionOf(after) <= versionOf(before))
        faults.push(`${name}: told twice or went back`);
      if (after === null) played.delete(name);
      else played.set(name, after);
      options.onChange?.(before, after);
    },
  });
  return {
    reflector,
    told,
    logged,
    counts,
    agrees: async (direct) => {
      const { items } = await direct.list<ConfigMap>(configMaps, selection);
      const wanted = versions(items);
      await expect.poll(() => versions(reflector.store.list()), { timeout: agreeMsMax }).toEqual(wanted);
      expect(versions([...played.values()])).toEqual(wanted);
      expect(faults).toEqual([]);
    },
    [Symbol.asyncDispose]: () => reflector[Symbol.asyncDispose](),
  };
}

const versionOf = ({ metadata }: ConfigMap): bigint => BigInt(metadata.resourceVersion!);
const versions = (objects: readonly ConfigMap[]): readonly string[] =>
  objects.map(({ metadata }) => `${metadata.name} ${metadata.uid} ${metadata.resourceVersion}`).toSorted();
