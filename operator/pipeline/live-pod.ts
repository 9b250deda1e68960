import type { KubeObject } from "../kube/kube-object.ts";

/** How a container ended. */
export interface Terminated {
  readonly exitCode: number;
  readonly reason?: string;
  readonly message?: string;
  readonly finishedAt?: string;
}

/** A Pod, as far as it is read. */
export interface LivePod extends KubeObject {
  readonly spec?: {
    readonly nodeName?: string;
    readonly containers?: readonly { readonly name: string; readonly image?: string }[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    /** Of the pod as a whole: Evicted, NodeLost … */
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
      readonly lastTransitionTime?: string;
    }[];
    readonly containerStatuses?: readonly {
      readonly name: string;
      readonly restartCount?: number;
      readonly state?: {
        readonly waiting?: { readonly reason?: string; readonly message?: string };
        readonly running?: object;
        readonly terminated?: Terminated;
      };
      readonly lastState?: { readonly terminated?: Terminated };
    }[];
  };
}

/** What of a pod is kept in memory: there are many, and most of a pod is its spec and its volumes. */
export function podInBrief({ apiVersion, kind, metadata, spec, status }: LivePod): LivePod {
  const { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp, labels, ownerReferences } = metadata;
  const kept = { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp, labels, ownerReferences };
  const [container] = spec?.containers ?? [];
  return {
    apiVersion,
    kind,
    metadata: withoutUndefined(kept),
    spec: {
      ...(spec?.nodeName === undefined ? {} : { nodeName: spec.nodeName }),
      ...(container === undefined ? {} : { containers: [{ name: container.name, image: container.image ?? "" }] }),
    },
    ...(status === undefined ? {} : { status: statusInBrief(status) }),
  };
}

function statusInBrief(status: NonNullable<LivePod["status"]>): NonNullable<LivePod["status"]> {
  const { phase, podIP, reason, message, conditions = [], containerStatuses = [] } = status;
  return withoutUndefined({
    phase,
    podIP,
    reason,
    message,
    conditions: conditions.filter(({ type }) => type === "Ready" || type === "PodScheduled"),
    containerStatuses: containerStatuses.map(({ name, restartCount, state, lastState }) =>
      withoutUndefined({ name, restartCount, state, lastState }),
    ),
  });
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };
const withoutUndefined = <T extends object>(value: T): Defined<T> =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Defined<T>;
