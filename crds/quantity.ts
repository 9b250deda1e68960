import assert from "node:assert/strict";

const factors: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Bytes of a quantity that passed its schema, a fraction of a byte rounded up: `64Mi` is 67108864. */
export function bytesOf(quantity: string | number): number {
  const match = /^([0-9]+(?:\.[0-9]+)?)([A-Za-z]*)$/.exec(String(quantity));
  const factor = match === null ? undefined : factors[match[2]!];
  assert(match !== null && factor !== undefined, `${quantity}: is no quantity of bytes`);
  return Math.ceil(Number(match[1]) * factor);
}
