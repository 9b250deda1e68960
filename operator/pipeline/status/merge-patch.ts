import { isDeepStrictEqual } from "node:util";

/**
 * The JSON merge patch (RFC 7386) that makes `after` of `before`: what is gone becomes null, lists are replaced. Null where there is
 * nothing to change.
 */
export function mergePatch(before: object, after: object): Readonly<Record<string, unknown>> | null {
  const [old, now] = [before as Fields, after as Fields];
  const changes = [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((name): [string, unknown][] => {
    const [from, to] = [old[name], now[name]];
    if (to === undefined) return from === undefined ? [] : [[name, null]];
    if (isFields(from) && isFields(to)) {
      const inner = mergePatch(from, to);
      return inner === null ? [] : [[name, inner]];
    }
    return isDeepStrictEqual(from, to) ? [] : [[name, to]];
  });
  return changes.length === 0 ? null : Object.fromEntries(changes);
}

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);
