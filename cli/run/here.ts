import type { AssembleOptions } from "../../runtime/assemble.ts";
import type { ComponentContext } from "../../runtime/component/context.ts";
import type { PodFile } from "../../runtime/pod/pod-file.ts";

/** A Pipeline and the Connections there are; `path` is the absolute path of the Pipeline's file. */
export interface Here extends PodFile {
  readonly path: string;
}

/** How a pipeline is run in this process. */
export interface HereOptions {
  readonly logLevel: string;
  /** 0 takes a free one. */
  readonly httpPort: number;
  /** Where the metrics are written at the end. */
  readonly metricsFile?: string;
  /** Directory of the secrets. */
  readonly secrets: string;
  readonly until: "stopped" | "caughtUp";
  /** True where a consumer group hands out the splits, so that there may be none for this run. */
  readonly grouped: boolean;
  /** Words for where records come from, and for where nothing is left of them. */
  readonly words: { readonly from: string; readonly nothingNew: string; readonly nothingThere: string };
  /** Another source in place of the manifest's. */
  openSource?(context: ComponentContext): NonNullable<AssembleOptions["openSource"]>;
}
