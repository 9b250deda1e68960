/**
 * A metric that is made while it is scraped, and of which nothing is kept: for series so many that a registry's copy of each would be
 * most of the memory.
 */
export interface ScrapedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter";
  /** Labels that a sample may have. */
  readonly labelNames: readonly string[];
  /** As they are now, one after the other. */
  readonly samples: () => Iterable<ScrapedSample>;
}

/** The value of one series. */
export interface ScrapedSample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** A part of the page ends with the line that makes it so long, in characters. */
const partLength = 65_536;

/**
 * The metrics in Prometheus' text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/), in parts of some 64 kB:
 * many megabytes are sent without being in memory at once. A part is made when it is asked for.
 */
export function* textOf(metrics: Iterable<ScrapedMetric>): Iterable<string> {
  let part = "";
  for (const { name, help, type, samples } of metrics) {
    part += `\n# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n`;
    for (const { value, labels } of samples()) {
      const labelled = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text).replaceAll('"', '\\"')}"`);
      // JavaScript's words for what is no finite number are those of Go's ParseFloat, which reads it.
      part += `${name}{${labelled.join(",")}} ${value}\n`;
      if (part.length < partLength) continue;
      yield part;
      part = "";
    }
  }
  yield part;
}

const escaped = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
