/** What a pod tells that the number of pods follows from. */
export interface ScalingPod {
  readonly uid: string;
  /** Partitions it reads. */
  readonly splits: number;
  /** Records it worked off per second, over the last minute. */
  readonly recordsPerSecond: number;
  /** Part of the last minute in which its busiest stage worked, between 0 and 1. */
  readonly busyFraction: number;
  /** Part of the last minute in which a transformed batch waited for the sink, between 0 and 1. */
  readonly sinkWaitFraction: number;
  /** Records per second that arrived at its partitions over the last minute; null while it does not know. */
  readonly arrivalsPerSecond: number | null;
  /** Its partition at which most arrive; null where none does or it does not know. */
  readonly hottest: { readonly split: string; readonly arrivalsPerSecond: number } | null;
  readonly lagRecords: number | null;
  readonly lagSeconds: number | null;
  /** Changes of what it reads since it began, and for how many seconds they kept it from reading. */
  readonly rebalances: { readonly count: number; readonly stallSeconds: number };
  /** When it told this, in milliseconds since the epoch. */
  readonly atMs: number;
}

/** What the operator found out from the source itself, while no pod runs. */
export interface SourceProbe {
  /** Records that no pod has loaded yet; null: there is no telling, because nothing was ever loaded. */
  readonly lagRecords: number | null;
  readonly partitions: number;
  /** Since the probe before; null for the first. */
  readonly arrivalsPerSecond: number | null;
  /** In milliseconds since the epoch. */
  readonly atMs: number;
}

/** Between which numbers of pods may be chosen now. */
export interface ScalingBounds {
  readonly min: number;
  readonly max: number;
  /** The window of `scaling.windows` they come from, as a person would name it; null: from `scaling` itself. */
  readonly window: string | null;
}

/** All that the number of pods is decided from, as plain data. */
export interface ScalingObservation {
  /** In milliseconds since the epoch. */
  readonly nowMs: number;
  readonly bounds: ScalingBounds;
  readonly targetLagSeconds: number;
  readonly scaleDownAfterSeconds: number;
  /** Pods that are to run now; what the Deployment says, 0 where there is none. */
  readonly replicas: number;
  /** Partitions of the source; null while nobody has told. */
  readonly partitions: number | null;
  /** Pods of the running revision that answer, those that are to end left out. */
  readonly pods: readonly ScalingPod[];
  /** False while a revision is rolled out, pods start or end: what they tell is no measure yet. */
  readonly settled: boolean;
  /** null: pods run, or the source could not be asked. */
  readonly probe: SourceProbe | null;
}
