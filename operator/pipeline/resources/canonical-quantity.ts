import { nanosOf } from "../../kube/quantity.ts";

/**
 * A quantity of at least 0 as the API server prints it: `1024Mi` is `1Gi`, `0.5` is `500m`. null where it is none.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function canonicalQuantity(given: string | number): string | null {
  const text = String(given);
  const nanos = text.length > lengthMax ? null : nanosOf(text);
  if (nanos === null || nanos < 0n) return null;
  if (nanos === 0n) return "0";
  // Kubernetes prints what is too small for a binary suffix, or no whole number, with decimal ones.
  if (text.endsWith("i") && nanos >= 1024n * unit && nanos % unit === 0n) return shortest(nanos / unit, 1024n, binarySuffixes);
  return /[eE][+-]?\d+$/.test(text) ? exponentText(nanos) : shortest(nanos, 1000n, decimalSuffixes);
}

const unit = 10n ** 9n;
const decimalSuffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
/** Characters: more than any amount needs, and few enough to cost no time. */
const lengthMax = 32;

/** The fewest digits with one of these suffixes, each `base` times the one before it. */
function shortest(amount: bigint, base: bigint, suffixes: readonly string[]): string {
  let left = amount;
  let at = 0;
  for (; at < suffixes.length - 1 && left % base === 0n; at++) left /= base;
  return `${left}${suffixes[at]}`;
}

/** Kubernetes keeps the exponent of `1e3`, in thousands: `1e4` is `10e3`. */
function exponentText(nanos: bigint): string {
  let left = nanos;
  let power = -9;
  for (; left % 1000n === 0n; power += 3) left /= 1000n;
  return power === 0 ? String(left) : `${left}e${power}`;
}
