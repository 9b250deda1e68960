/** Which pipelines' metrics are meant: what stands between the braces of a selector. */
export interface Scope {
  readonly selector: string;
}

/** Target of a pipeline without `scaling`, in seconds: what `scaling.targetLagSeconds` is by default. */
const usualTargetSeconds = 60;

/**
 * An operator's metric of a pipeline, one series each. Only the operator that leads has them: where another took over within the
 * range, its series are the same pipeline's.
 */
export const ofPipeline = (metric: string, { selector }: Scope, more = ""): string =>
  `max by (namespace, pipeline) (${metric}{${[selector, more].filter(Boolean).join(",")}})`;

/** How far behind it may be. */
export const targetOf = (scope: Scope): string =>
  `(${ofPipeline("snowline_pipeline_target_lag_seconds", scope)} or ${ofPipeline("snowline_pipeline_lag_seconds", scope)} * 0 + ${usualTargetSeconds})`;

/** A counter that the operator has of each pipeline, per second. */
export const perSecond = (metric: string, { selector }: Scope): string =>
  `max by (namespace, pipeline) (rate(${metric}{${selector}}[$__rate_interval]))`;

/** A gauge over the shown range, times hours: 1 for an hour is 1. */
export const hours = (expr: string): string => `sum_over_time((${expr})[$__range:1m]) / 60`;
