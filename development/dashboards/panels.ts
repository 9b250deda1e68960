import type { Panel } from "./board.ts";

type More = Partial<Panel> & Pick<Panel, "queries">;
type MoreOfOne = Partial<Panel> & { readonly expr: string };

/** A number, as it is at the end of the range. */
export function stat(title: string, description: string, { expr, ...more }: MoreOfOne): Panel {
  return { kind: "stat", title, description, unit: "short", queries: [{ expr }], ...more };
}

/** Lines over time. */
export function overTime(title: string, description: string, more: More): Panel {
  return { kind: "timeseries", title, description, unit: "short", ...more };
}

/** One bar for each series, as it is at the end of the range. */
export function bars(title: string, description: string, more: More): Panel {
  return { kind: "bargauge", title, description, unit: "short", ...more };
}

/** States of each series over time, one line each. */
export function states(title: string, description: string, more: More): Panel {
  return { kind: "state-timeline", title, description, unit: "short", ...more };
}
