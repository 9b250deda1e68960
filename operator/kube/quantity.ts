/** Powers of ten of the suffixes. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
const decimal: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
/** Powers of 1024. */
const binary: Readonly<Record<string, number>> = { Ki: 1, Mi: 2, Gi: 3, Ti: 4, Pi: 5, Ei: 6 };
/** Exponents beyond it are no quantity of anything. */
const exponentMax = 30;
/** The API server keeps no more digits. */
const nano = 9;

const form = /^([+-]?)(\d*)(?:\.(\d*))?(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,2}))?$/;

/** A quantity in billionths, so that `1`, `1000m` and `1e0` are the same; null for what is none. */
export function nanosOf(value: string | number): bigint | null {
  const match = form.exec(String(value));
  if (match === null) return null;
  const [, sign, whole = "", fraction = "", suffix = "", exponent] = match;
  if (whole === "" && fraction === "") return null;
  const powerOf1024 = binary[suffix];
  const power = exponent === undefined ? (powerOf1024 === undefined ? decimal[suffix]! : 0) : Number(exponent);
  if (Math.abs(power) > exponentMax) return null;
  const digits = BigInt(whole + fraction) * 1024n ** BigInt(powerOf1024 ?? 0);
  const shift = power + nano - fraction.length;
  const nanos = shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift);
  return sign === "-" ? -nanos : nanos;
}
