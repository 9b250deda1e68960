import { distance } from "fastest-levenshtein";

/** The name that was probably meant by `text`, or undefined where none is near: a slip of the pen, or the beginning of it. */
export function nearest(text: string, names: readonly string[]): string | undefined {
  const meant = text.toLowerCase();
  const near = names
    .map((name) => ({ name, distance: distance(meant, name.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)[0];
  const distanceMax = Math.min(Math.max(1, Math.round(text.length / 3)), text.length - 1);
  if (near !== undefined && near.distance <= distanceMax) return near.name;
  return meant.length < 3 ? undefined : names.find((name) => name.toLowerCase().startsWith(meant));
}
