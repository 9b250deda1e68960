/** One line of a Prometheus text page. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of a page. Label values with escapes are kept as they are written. */
export async function scrape(url: string): Promise<readonly Sample[]> {
  const text = await (await fetch(url)).text();
  return text.split("\n").flatMap((line): Sample[] => {
    const [, name, labels = "", value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key!, text!] as const);
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
}

/** The sum of all series of a metric. */
export function sumOf(samples: readonly Sample[], metric: string): number {
  return samples.filter(({ name }) => name === metric).reduce((total, { value }) => total + value, 0);
}

/** Requests to the API server so far, and those of them that write. */
export function requestsIn(samples: readonly Sample[]): { readonly all: number; readonly writes: number } {
  const metric = "rest_client_requests_total";
  const writes = samples.filter(({ labels }) => labels["method"] !== "GET");
  return { all: sumOf(samples, metric), writes: sumOf(writes, metric) };
}

/** A quantile of a histogram's samples, all its series together, in its unit; interpolated within a bucket as Prometheus does. */
export function quantileOf(samples: readonly Sample[], histogram: string, quantile: number): number {
  const buckets = new Map<number, number>();
  for (const { name, labels, value } of samples) {
    if (name !== `${histogram}_bucket`) continue;
    const bound = labels["le"] === "+Inf" ? Infinity : Number(labels["le"]);
    buckets.set(bound, (buckets.get(bound) ?? 0) + value);
  }
  const sorted = [...buckets].toSorted(([a], [b]) => a - b);
  const wanted = (sorted.at(-1)?.[1] ?? 0) * quantile;
  let below = 0;
  let from = 0;
  for (const [bound, count] of sorted) {
    if (count >= wanted && count > below)
      return bound === Infinity ? from : from + ((bound - from) * (wanted - below)) / (count - below);
    below = count;
    from = bound;
  }
  return Number.NaN;
}
