import { nanosOf } from "./quantity.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Below these, what looks like a quantity is a text. */
const texts: ReadonlySet<string> = new Set(["metadata", "data", "stringData", "binaryData"]);
/** Lists to which others may add: only what is wanted has to be there. */
const shared: ReadonlySet<string> = new Set(["metadata.ownerReferences", "metadata.finalizers"]);

/**
 * The first field of `desired` that `live` does not have so, as `spec.template.spec.containers[0].image`; null: all are there.
 * What `live` has besides is not looked at: defaults, and what others set. Quantities are equal by what they mean (`1`, `1000m`);
 * an empty map or list, or null, is also there where it is left out. A list has as many items in the same order, but for those that have
 * names (containers, volumes, environment): to those others may add.
 */
export function driftOf(desired: object, live: object): string | null {
  for (const [name, value] of Object.entries(desired)) {
    const drift = driftAt(name, value, (live as Fields)[name], texts.has(name));
    if (drift !== null) return drift;
  }
  return null;
}

function driftAt(path: string, desired: unknown, live: unknown, text: boolean): string | null {
  if (desired === undefined || (isEmpty(desired) && isEmpty(live))) return null;
  if (Array.isArray(desired)) return Array.isArray(live) ? listDrift(path, desired, live, text) : path;
  if (isFields(desired)) {
    if (!isFields(live)) return path;
    for (const [name, value] of Object.entries(desired)) {
      const drift = driftAt(`${path}.${name}`, value, live[name], text);
      if (drift !== null) return drift;
    }
    return null;
  }
  return desired === live || (!text && sameQuantity(desired, live)) ? null : path;
}

function listDrift(path: string, desired: readonly unknown[], live: readonly unknown[], text: boolean): string | null {
  const others = shared.has(path)
    ? live.filter((item) => desired.some((wanted) => driftAt("", wanted, item, true) === null))
    : live;
  const met = namesOf(desired) === null ? others : inNamesOf(desired, others);
  if (met.length !== desired.length) return path;
  for (const [at, item] of desired.entries()) {
    const drift = driftAt(`${path}[${at}]`, item, met[at], text);
    if (drift !== null) return drift;
  }
  return null;
}

/** The items with the same names, in the order they have. */
function inNamesOf(desired: readonly unknown[], live: readonly unknown[]): readonly unknown[] {
  const names = namesOf(desired);
  return live.filter((item) => isFields(item) && names?.has(item["name"]));
}

/** Names of the items, if each has one of its own. */
function namesOf(items: readonly unknown[]): ReadonlySet<unknown> | null {
  const names = new Set(items.map((item) => (isFields(item) ? item["name"] : undefined)));
  return names.size === items.length && !names.has(undefined) ? names : null;
}

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === "object" && Object.keys(value).length === 0);

function sameQuantity(desired: unknown, live: unknown): boolean {
  if (!isScalar(desired) || !isScalar(live)) return false;
  const nanos = nanosOf(desired);
  return nanos !== null && nanos === nanosOf(live);
}

const isScalar = (value: unknown): value is string | number => typeof value === "string" || typeof value === "number";
