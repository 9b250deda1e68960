import { readFileSync } from "node:fs";
import { join } from "node:path";

const page = join(import.meta.dirname, "../../docs/metrics.md");

/** A metric as a table has it. */
export interface DocumentedMetric {
  readonly type: string;
  readonly labels: readonly string[];
  readonly unit: string;
}

/** The rows of docs/metrics.md by name. Throws where one stands there twice. */
export function documentedMetrics(): ReadonlyMap<string, DocumentedMetric> {
  const rows = new Map<string, DocumentedMetric>();
  for (const line of readFileSync(page, "utf8").split("\n")) {
    const [, name, type, unit, labels] = /^\| `([a-z_]+)` \| (\w+) \| ([^|]*)\|([^|]*)\| .+ \|$/.exec(line) ?? [];
    if (name === undefined) continue;
    if (rows.has(name)) throw new Error(`docs/metrics.md: ${name} stands there twice`);
    const names = [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!);
    rows.set(name, { type: type!, labels: names, unit: unit!.trim() });
  }
  return rows;
}
