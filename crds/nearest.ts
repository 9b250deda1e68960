import { distance } from "fastest-levenshtein";

/** Two neighbouring letters that changed places are one slip. */
function slips(text: string, name: string): number {
  let at = 0;
  while (at < text.length && text[at] === name[at]) at++;
  const swapped = `${text.slice(0, at)}${text.charAt(at + 1)}${text.charAt(at)}${text.slice(at + 2)}`;
  return text !== name && swapped === name ? 1 : distance(text, name);
}

/** The name that was probably meant by `text`, or undefined where none is near: a slip of the pen, or the beginning of it. */
export function nearest(text: string, names: readonly string[]): string | undefined {
  const meant = text.toLowerCase();
  const near = names
    .map((name) => ({ name, distance: slips(meant, name.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)[0];
  const distanceMax = Math.min(Math.max(1, Math.round(text.length / 3)), text.length - 1);
  if (near !== undefined && near.distance <= distanceMax) return near.name;
  return meant.length < 3 ? undefined : names.find((name) => name.toLowerCase().startsWith(meant));
}
