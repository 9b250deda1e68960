import { one, render } from "../charts/helm.ts";

/** A rule as Prometheus reads it. */
export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An alert of the chart. */
export type AlertRule = Rule & {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
};

/** What a file of rules holds. */
export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

/** The rules of the chart with these values beside `enabled`. */
export async function alertRules(prometheusRule: object = {}, values: object = {}): Promise<RuleFile> {
  const objects = await render({
    values: { ...values, metrics: { prometheusRule: { enabled: true, ...prometheusRule } } },
    args: ["--show-only", "templates/prometheus-rule.yaml"],
  });
  return one(objects, "PrometheusRule")["spec"] as RuleFile;
}

/** The alerts among the rules. */
export const alertsIn = (file: RuleFile): readonly AlertRule[] =>
  file.groups.flatMap(({ rules }) => rules).filter((rule): rule is AlertRule => rule.alert !== undefined);
