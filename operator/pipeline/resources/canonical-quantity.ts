/**
 * A Kubernetes quantity as the API server prints it: `1024Mi` is `1Gi`, `0.5` is `500m`. null where it is none. Not below a
 * billionth, as Kubernetes has it. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function canonicalQuantity(given: string | number): string | null {
  const parsed = parse(String(given));
  if (parsed === null) return null;
  const { nano, form } = parsed;
  if (nano === 0n) return "0";
  const binary = form === "binary" && nano >= 1024n * unit && nano % unit === 0n;
  if (binary) return shortest(nano / unit, 1024n, binarySuffixes);
  if (form === "exponent") return exponentText(nano);
  return shortest(nano, 1000n, decimalSuffixes);
}

/** How much a quantity is, for comparing two of them; null where it is none. */
export function nanoOf(given: string | number): bigint | null {
  return parse(String(given))?.nano ?? null;
}

interface Parsed {
  /** In billionths, rounded up. */
  readonly nano: bigint;
  readonly form: "decimal" | "binary" | "exponent";
}

const unit = 10n ** 9n;
const decimalSuffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
/** More digits or a greater exponent than any amount needs: a number must not cost time. */
const lengthMax = 32;
const exponentMax = 18;

function parse(text: string): Parsed | null {
  if (text.length > lengthMax) return null;
  const match = /^\+?([0-9]*)(?:\.([0-9]*))?(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?[0-9]{1,2}))?$/.exec(text);
  if (match === null) return null;
  const [, whole = "", fraction = "", suffix = "", exponent] = match;
  if (whole === "" && fraction === "") return null;
  const digits = BigInt(`${whole}${fraction}`);
  const scaled = (factor: bigint): bigint => dividedUp(digits * factor, 10n ** BigInt(fraction.length));
  if (exponent !== undefined) {
    const power = Number(exponent);
    if (Math.abs(power) > exponentMax) return null;
    const nano = power >= 0 ? scaled(unit * 10n ** BigInt(power)) : dividedUp(scaled(unit), 10n ** BigInt(-power));
    return { nano, form: "exponent" };
  }
  if (suffix.endsWith("i")) return { nano: scaled(unit * 1024n ** BigInt(binarySuffixes.indexOf(suffix))), form: "binary" };
  return { nano: scaled(1000n ** BigInt(decimalSuffixes.indexOf(suffix))), form: "decimal" };
}

const dividedUp = (amount: bigint, by: bigint): bigint => (amount + by - 1n) / by;

/** The fewest digits with one of these suffixes, each `base` times the one before it. */
function shortest(amount: bigint, base: bigint, suffixes: readonly string[]): string {
  let left = amount;
  let at = 0;
  for (; at < suffixes.length - 1 && left % base === 0n; at++) left /= base;
  return `${left}${suffixes[at]}`;
}

/** Kubernetes keeps `1e3` as it is written, in thousands: `1e4` is `10e3`. */
function exponentText(nano: bigint): string {
  let left = nano;
  let power = -9;
  for (; left % 1000n === 0n; power += 3) left /= 1000n;
  return power === 0 ? String(left) : `${left}e${power}`;
}
