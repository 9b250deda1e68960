import { integer, keyedList, kubernetesObject, list, map, object, optional, type Static, string } from "../schema.ts";

const resourceName = (what: string) => string(what, { minLength: 1, maxLength: 253 });

const environmentVariable = object("An environment variable. Not for secrets: those are read from files.", {
  name: string("Name.", { minLength: 1, maxLength: 253 }),
  value: string("Value.", { maxLength: 32_768 }),
});

const volumeMount = object("Where a volume appears.", {
  name: string("Name of the volume.", { minLength: 1, maxLength: 63 }),
  mountPath: string("Path in the container.", { minLength: 1, maxLength: 1024 }),
  subPath: optional(string("Path in the volume.", { minLength: 1, maxLength: 1024 })),
  readOnly: optional({ json: { type: "boolean", description: "Whether it can only be read." } as const }),
});

const quantities = (what: string) =>
  optional(
    map(what, { json: { description: "A quantity.", "x-kubernetes-int-or-string": true } as const }, { maxProperties: 16 }),
  );

/** What an owner may change about the pods. What is not here, such as their security context and probes, is the operator's. */
export const podOverrides = object("Changes to the pods. Each change rolls them.", {
  image: optional(string("Image of the runtime, in place of the operator's.", { minLength: 1, maxLength: 1024 })),
  labels: optional(map("Further labels.", string("Value.", { maxLength: 63 }), { maxProperties: 64 })),
  annotations: optional(map("Further annotations.", string("Value."), { maxProperties: 64 })),
  resources: optional(
    object(
      "CPU and memory. Batches, DuckDB's memory and its threads follow the limits. Default, as far as it fits what is said here: 250m and 1Gi asked for, memory limited to 1Gi.",
      {
        requests: quantities("What a pod is sure to get."),
        limits: quantities("What a pod may use."),
      },
    ),
  ),
  scratchBytes: optional({
    json: {
      description:
        "Size of the memory-backed directory for hand-over files; it counts as the pod's memory. Default: 512Mi, or half the memory limit where that is less.",
      "x-kubernetes-int-or-string": true,
    } as const,
  }),
  terminationGracePeriodSeconds: optional(
    integer("How long a pod may take to load what it has read, when it is to end. Default: 60.", {
      minimum: 10,
      maximum: 3600,
      format: "int64",
    }),
  ),
  serviceAccountName: optional(
    resourceName(
      "An own ServiceAccount, such as one that a cloud gives an identity. Without it each pipeline has one that may do nothing.",
    ),
  ),
  imagePullSecrets: optional(
    list("Secrets with which images are pulled, besides the operator's.", resourceName("Name."), { maxItems: 16 }),
  ),
  nodeSelector: optional(map("Labels of the nodes to run on.", string("Value."), { maxProperties: 64 })),
  priorityClassName: optional(resourceName("Which pods go first.")),
  runtimeClassName: optional(resourceName("Which container runtime runs them.")),
  tolerations: optional(list("Kubernetes' Toleration.", kubernetesObject("A toleration."), { maxItems: 64 })),
  affinity: optional(kubernetesObject("Kubernetes' Affinity.")),
  topologySpreadConstraints: optional(
    list("Kubernetes' TopologySpreadConstraint, in place of the spread over nodes.", kubernetesObject("A constraint."), {
      maxItems: 16,
    }),
  ),
  env: optional(keyedList("Environment variables.", environmentVariable, { key: ["name"], maxItems: 64 })),
  volumes: optional(
    list("Kubernetes' Volume, such as a claim for `source.files` or `sink.duckdb`.", kubernetesObject("A volume."), {
      maxItems: 32,
    }),
  ),
  volumeMounts: optional(list("Where they appear.", volumeMount, { maxItems: 32 })),
});
export type PodOverrides = Static<typeof podOverrides>;
