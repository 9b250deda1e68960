/**
 * Makes equal parts of many objects one, in place, and freezes all of it: caches hold thousands of objects that differ in a name and a
 * few numbers. `before` is the same object as it was, if it was there. The object itself and its `metadata` are never shared: none is
 * like another.
 */
export type ShareParts = <T extends object>(object: T, before: T | null) => T;

/** Parts of one generation: what is met again within as many others is found. */
const partsMax = 8_192;

/**
 * Shares the parts of all objects that go through it. What is frozen already stays as it is. Parts are equal where their JSON is. It
 * remembers two generations of parts and texts at most, so that what is common stays, and what was met once goes.
 */
export function createSharedParts(): ShareParts {
  const texts = createGenerations<string, Numbered<string>>();
  const parts = createGenerations<string, Members>();
  /** Parts and texts are numbered: with the numbers of its members a part is found. */
  const numbers = createGenerations<object, number>();
  let lastNumber = 0;

  const sharedText = (text: string): Numbered<string> =>
    texts.get(text) ?? texts.put(text, { value: text, number: ++lastNumber });
  /** A key that only equal parts have, from members that are shared already; null where a number was forgotten. */
  const keyOf = (part: Members): string | null => {
    const isList = Array.isArray(part);
    let key = isList ? "[" : "{";
    for (const [name, member] of Object.entries(part)) {
      const number = isPart(member) ? numbers.get(member) : undefined;
      if (isPart(member) && number === undefined) return null;
      if (!isList) key += sharedText(name).number;
      if (typeof member === "string") {
        const text = sharedText(member);
        part[name] = text.value;
        key += `"${text.number},`;
      } else key += number === undefined ? `:${String(member)},` : `#${number},`;
    }
    return key;
  };
  const share = (part: Members, before: unknown): Members => {
    if (Object.isFrozen(part)) return part;
    const former = isPart(before) && Array.isArray(before) === Array.isArray(part) ? before : null;
    if (takeFrom(former, part, share)) return former!;
    const key = keyOf(part);
    const known = key === null ? undefined : parts.get(key);
    if (known !== undefined) return known;
    if (key !== null) {
      parts.put(key, part);
      numbers.put(part, ++lastNumber);
    }
    return Object.freeze(part);
  };
  const shareWithin = (object: Members, before: Members | null): void => {
    if (Object.isFrozen(object)) return;
    takeFrom(before, object, share);
    for (const [name, member] of Object.entries(object))
      if (typeof member === "string" && !unlike.has(name)) object[name] = sharedText(member).value;
    Object.freeze(object);
  };
  return (object, before) => {
    const { metadata } = object as Members;
    const former = (before as Members | null)?.["metadata"];
    if (isPart(metadata)) shareWithin(metadata, isPart(former) ? former : null);
    shareWithin(object as Members, before as Members | null);
    return object;
  };
}

/** Texts that no two objects have. */
const unlike: ReadonlySet<string> = new Set(["uid", "resourceVersion"]);

/** Members of an object by their names, or items of a list by their places. */
type Members = Record<string, unknown>;

/** A text and the number that stands for it. */
interface Numbered<T> {
  readonly value: T;
  readonly number: number;
}

const isPart = (value: unknown): value is Members => typeof value === "object" && value !== null;

/** Takes from a part as it was what is equal in it now, and shares the other parts in it; true where all is equal. */
function takeFrom(before: Members | null, part: Members, share: (part: Members, before: unknown) => Members): boolean {
  const names = Object.keys(part);
  let isSame = before !== null && Object.keys(before).length === names.length;
  for (const name of names) {
    const member = part[name];
    const former = before?.[name];
    if (isPart(member)) part[name] = share(member, former);
    // One text in the place of two.
    else if (typeof member === "string" && member === former) part[name] = former;
    isSame &&= part[name] === former;
  }
  return isSame;
}

/** What was put or got lately: the former generation is forgotten when the recent one is full. */
function createGenerations<K, V>() {
  let recent = new Map<K, V>();
  let former = new Map<K, V>();
  const put = (key: K, value: V): V => {
    if (recent.size >= partsMax) [former, recent] = [recent, new Map()];
    recent.set(key, value);
    return value;
  };
  return {
    get: (key: K): V | undefined => {
      const found = recent.get(key);
      if (found !== undefined) return found;
      const older = former.get(key);
      return older === undefined ? undefined : put(key, older);
    },
    put,
  };
}
