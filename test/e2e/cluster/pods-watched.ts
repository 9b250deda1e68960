import type { Field } from "./field.ts";

/** How many pods a pipeline is to have and has, asked now. */
export interface PodsWatched {
  /** What the scale subresource says is wanted: what an autoscaler wrote. */
  wanted(): Promise<number>;
  /** Pods that read and can load. */
  ready(): Promise<number>;
}

/** Watches one pipeline of a field. */
export function podsWatched(field: Field, pipeline: string): PodsWatched {
  const path = `/apis/snowline.dev/v1alpha1/namespaces/${field.namespace}/pipelines/${pipeline}/scale`;
  return {
    wanted: async () => {
      const scale = JSON.parse(await field.kubectl("get", "--raw", path)) as { spec?: { replicas?: number } };
      return scale.spec?.replicas ?? 0;
    },
    ready: async () => (await field.pipeline(pipeline))?.status?.readyReplicas ?? 0,
  };
}
