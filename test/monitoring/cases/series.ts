import type { Series } from "./alert-case.ts";

/** Labels of the pipeline that all cases are about. */
export const orders = { namespace: "shop", pipeline: "orders" };
/** Labels of what the operator that leads tells of it. */
export const leader = { ...orders, pod: "snowline-a" };
/** Labels of the operator. */
export const operator = { job: "snowline-metrics", namespace: "snowline-system" };
/** Labels of what a pod of the pipeline tells. */
export const runtime = { ...orders, pod: "pipeline-orders-1" };

/** Samples of more than an hour and a half. */
export const long = 200;
/** One value for more than an hour and a half. */
export const always = (value: number): string => `${value}+0x${long}`;
/** A value that changes by a step every 30 seconds. */
export const climbing = (from: number, step: number): string => `${from}${step < 0 ? "" : "+"}${step}x${long}`;

/** A series of promtool. */
export const series = (metric: string, labels: Readonly<Record<string, string>>, values: string): Series => {
  const matchers = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return [`${metric}{${matchers.join(",")}}`, values];
};
/** What the operator tells of the pipeline. */
export const ofPipeline = (what: string, values: string, more: Readonly<Record<string, string>> = {}): Series =>
  series(`snowline_pipeline_${what}`, { ...leader, ...more }, values);
/** The same, told by a replica of the operator for 20 minutes, and from a minute and a half later on by another. */
export const takenOver = (what: string, value: number, more: Readonly<Record<string, string>> = {}): readonly Series[] => [
  ofPipeline(what, `${value}+0x40 stale`, more),
  ofPipeline(what, `_x43 ${value}+0x${long}`, { ...more, pod: "snowline-b" }),
];
/** A condition of the pipeline. */
export const condition = (type: string, values: string): Series => ofPipeline("condition", values, { type });
/** Labels of a replica of the operator. */
export const replica = (pod: string) => ({ ...operator, pod });
