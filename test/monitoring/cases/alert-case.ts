/** A series of promtool: `metric{labels}`, and its values, one every 30 seconds. */
export type Series = readonly [series: string, values: string];

/** What becomes of an alert with these series. */
export interface AlertCase {
  readonly alert: string;
  /** Which of the alert's rules, where there are several. */
  readonly sign?: string;
  /** Ends the sentence `alert fires …` or `alert is quiet …`. */
  readonly what: string;
  readonly series: readonly Series[];
  /** When it is looked at. */
  readonly at: string;
  /** null: it does not fire. Labels are those beside severity and sign. */
  readonly fires: {
    readonly labels: Readonly<Record<string, string>>;
    readonly severity: "critical" | "warning";
    readonly summary: string;
    readonly description: string;
  } | null;
}
