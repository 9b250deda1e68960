import type { ScrapedMetric, ScrapedSample } from "../control/scraped-metrics.ts";
import type { KnownPipeline } from "./known-pipelines.ts";

/** A value of one series of a pipeline, with the label that it has besides `namespace` and `pipeline`. */
interface Sample {
  readonly value: number;
  readonly label?: Readonly<Record<string, string>>;
}

/** One metric: its samples of a pipeline; none where there is nothing to tell. */
interface PipelineMetric {
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter";
  /** Besides `namespace` and `pipeline`. */
  readonly labelName?: string;
  readonly of: (known: KnownPipeline) => readonly Sample[];
}

const known = (value: number | null | undefined): readonly Sample[] => (typeof value === "number" ? [{ value }] : []);
const secondsOf = (time: string | undefined): number | undefined => (time === undefined ? undefined : Date.parse(time) / 1000);
/** `2/3`: pods that are ready, of those wanted. */
const wantedOf = (pods: string | undefined): number | undefined => (pods === undefined ? undefined : Number(pods.split("/")[1]));

/** What is told of each pipeline, from its status as it is in the API server. docs/metrics.md lists them. */
const metrics: readonly PipelineMetric[] = [
  {
    name: "snowline_pipeline_condition",
    help: "Conditions of the Pipeline: 1 True, 0 False, absent where it is not known.",
    type: "gauge",
    labelName: "type",
    of: ({ pipeline }) =>
      (pipeline.status?.conditions ?? [])
        .filter(({ status }) => status !== "Unknown")
        .map(({ type, status }) => ({ value: status === "True" ? 1 : 0, label: { type } })),
  },
  gauge("snowline_pipeline_replicas", "Pods that exist.", ({ pipeline }) => pipeline.status?.replicas),
  gauge("snowline_pipeline_replicas_ready", "Pods that read and can load.", ({ pipeline }) => pipeline.status?.readyReplicas),
  gauge("snowline_pipeline_replicas_wanted", "Pods that are to run.", ({ pipeline }) => wantedOf(pipeline.status?.pods)),
  gauge("snowline_pipeline_lag_records", "Records not yet loaded.", ({ pipeline }) => pipeline.status?.lag?.records),
  gauge(
    "snowline_pipeline_lag_seconds",
    "Age of the oldest record not yet loaded.",
    ({ pipeline }) => pipeline.status?.lag?.seconds,
  ),
  gauge(
    "snowline_pipeline_target_lag_seconds",
    "How far behind the pipeline may be, where spec.scaling says so.",
    ({ pipeline }) => pipeline.spec.scaling?.targetLagSeconds,
  ),
  gauge("snowline_pipeline_suspended", "1 where spec.suspend is true.", ({ pipeline }) =>
    pipeline.spec.suspend === true ? 1 : 0,
  ),
  gauge("snowline_pipeline_failed_rollout", "1 while a rollout is taken back.", ({ pipeline }) =>
    pipeline.status?.failedRollout === undefined ? 0 : 1,
  ),
  gauge("snowline_pipeline_last_load_timestamp_seconds", "When rows were last loaded, since the epoch.", ({ pipeline }) =>
    secondsOf(pipeline.status?.lastLoadTime),
  ),
  counter(
    "snowline_pipeline_records_rejected_total",
    "Records sent to the dead letters, over the pipeline's life.",
    ({ pipeline }) => pipeline.status?.totals?.recordsRejected,
  ),
  counter(
    "snowline_pipeline_rows_loaded_total",
    "Rows loaded, over the pipeline's life.",
    ({ pipeline }) => pipeline.status?.totals?.rowsLoaded,
  ),
  gauge(
    "snowline_pipeline_pod_restarts",
    "How often containers of the pods that are there have been started again.",
    ({ podRestarts }) => podRestarts(),
  ),
  {
    name: "snowline_pipeline_scaling_limiter",
    help: "1 for what the number of pods follows from, or what holds it, with spec.scaling.",
    type: "gauge",
    labelName: "limiter",
    of: ({ pipeline: { spec, status } }) =>
      spec.scaling === undefined || status?.scaling === undefined
        ? []
        : [{ value: 1, label: { limiter: status.scaling.limiter } }],
  },
  {
    name: "snowline_pipeline_scalings_total",
    help: "Changes of the number of pods by the autoscaler, since the operator began.",
    type: "counter",
    labelName: "direction",
    of: ({ pipeline, tally }) =>
      pipeline.spec.scaling === undefined
        ? []
        : [
            { value: tally.scaledUp, label: { direction: "up" } },
            { value: tally.scaledDown, label: { direction: "down" } },
          ],
  },
  gauge(
    "snowline_pipeline_capacity_per_second",
    "Records per second that one pod can carry, as measured, with spec.scaling.",
    ({ pipeline }) => pipeline.status?.scaling?.terms?.capacityPerSecond,
  ),
  gauge(
    "snowline_pipeline_arrivals_per_second",
    "Records per second that arrive at the source, with spec.scaling.",
    ({ pipeline }) => pipeline.status?.scaling?.terms?.arrivalsPerSecond,
  ),
  counter(
    "snowline_probe_failures_total",
    "Times that the source of a pipeline without a pod could not be looked at, since the operator began; with spec.scaling.",
    ({ pipeline, tally }) => (pipeline.spec.scaling === undefined ? undefined : tally.probeFailures),
  ),
];

/** What is told of these pipelines, as they are now. */
export function pipelineMetrics(pipelines: Iterable<KnownPipeline>): readonly ScrapedMetric[] {
  const all = [...pipelines];
  return metrics.map(({ name, help, type, labelName, of }) => ({
    name,
    help,
    type,
    labelNames: ["namespace", "pipeline", ...(labelName === undefined ? [] : [labelName])],
    samples: () => samplesOf(all, of),
  }));
}

function* samplesOf(pipelines: readonly KnownPipeline[], of: PipelineMetric["of"]): Iterable<ScrapedSample> {
  for (const known of pipelines) {
    const { name: pipeline, namespace = "" } = known.pipeline.metadata;
    for (const { value, label } of of(known))
      if (Number.isFinite(value)) yield { value, labels: { namespace, pipeline, ...label } };
  }
}

function gauge(name: string, help: string, of: (known: KnownPipeline) => number | undefined): PipelineMetric {
  return { name, help, type: "gauge", of: (each) => known(of(each)) };
}

function counter(name: string, help: string, of: (known: KnownPipeline) => number | undefined): PipelineMetric {
  return { ...gauge(name, help, of), type: "counter" };
}
