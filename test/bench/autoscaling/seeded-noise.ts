/** Seconds for which noise stays the same. */
const stepSeconds = 20;

/** A factor around 1, up to `part` away from it, that is another every 20 seconds: the same for the same seed and second. */
export function seededNoise(seed: number, part: number): (second: number) => number {
  return (second) => 1 + part * (2 * fraction(seed * 1_000_003 + Math.floor(second / stepSeconds)) - 1);
}

/** A number from 0 to 1 that looks like chance: the mixing of mulberry32. */
function fraction(of: number): number {
  let mixed = (of + 0x6d2b79f5) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
}
