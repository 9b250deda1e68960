import type { Board } from "./board.ts";
import { controlLoop } from "./control-loop.ts";
import { dashboardText } from "./dashboard-json.ts";
import { fleet } from "./fleet.ts";
import { pipeline } from "./pipeline.ts";

/** The dashboards by the names of their files. */
export const boards: Readonly<Record<string, Board>> = { fleet, pipeline, "control-loop": controlLoop };

/** Path in the repository and text of each dashboard's file, as the chart ships it. */
export function dashboardFiles(): readonly (readonly [path: string, text: string])[] {
  return Object.entries(boards).map(([name, board]) => [`charts/snowline/dashboards/${name}.json`, dashboardText(board)]);
}
