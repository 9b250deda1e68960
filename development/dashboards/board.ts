/** One query of a panel. */
export interface Query {
  readonly expr: string;
  /** How Grafana names the series; in a table the column. */
  readonly legend?: string;
}

/** Grafana's names of the panels that are used here. */
export type PanelKind = "stat" | "timeseries" | "bargauge" | "state-timeline" | "table";

/** A panel. Its place follows from its width and the panels before it. */
export interface Panel {
  readonly title: string;
  /** What it answers and what to do about it: shown behind the panel's (i). */
  readonly description: string;
  readonly kind: PanelKind;
  /** Grafana's name of the unit, such as `s` or `reqps`. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Of 24 columns. */
  readonly width?: number;
  /** From this value on it is orange, and from the second on red. */
  readonly warnFrom?: readonly [orange: number, red: number];
  /** Highest value of the axis. */
  readonly max?: number;
  readonly stacked?: boolean;
  /** What a value is called, with its colour. */
  readonly names?: Readonly<Record<string, readonly [text: string, colour: string]>>;
  /** Where a row of a table leads to. */
  readonly link?: { readonly title: string; readonly url: string };
  /** Units of a table's columns, by legend. */
  readonly columnUnits?: Readonly<Record<string, string>>;
}

/** Panels under a heading. */
export interface Section {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** A choice at the top of the dashboard. `query` lists its values; `$name` stands for the chosen one in queries. */
export interface Variable {
  readonly name: string;
  readonly label: string;
  readonly query: string;
  /** Whether several may be chosen, and all. */
  readonly several: boolean;
}

/** A dashboard. */
export interface Board {
  /** Stable: links and a reader's stars depend on it. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly sections: readonly Section[];
  /** Range that is shown first, such as `now-6h`. */
  readonly from: string;
}
