import type { Problem } from "../../../crds/check.ts";
import type { PipelineSpec } from "../../../crds/kinds/pipeline.ts";
import type { PodOverrides } from "../../../crds/kinds/pod-overrides.ts";
import { childName, podPort } from "../names.ts";
import type { PodTemplate, RevisionContent } from "../observed.ts";
import type { OperatorSettings } from "../plan.ts";
import { podSelector, revisionLabels } from "./child-labels.ts";
import { containerSecurity, podSecurity } from "./pod-security.ts";
import { overrideProblems } from "./override-problems.ts";
import { podProbes } from "./pod-probes.ts";
import { type PodResources, podResources } from "./pod-resources.ts";
import { type MountedVolume, pipelineFile, podPath, podVolumes } from "./pod-volumes.ts";
import { projectedTokens } from "./projected-tokens.ts";

/** What a pod template is made from. */
export interface PodTemplateInputs {
  /** Name of the Pipeline. */
  readonly pipeline: string;
  /** Hash of the revision. */
  readonly revision: string;
  readonly content: RevisionContent;
  readonly settings: Pick<OperatorSettings, "runtimeImage" | "imagePullPolicy" | "imagePullSecrets">;
}

/** How long a pod may take to end when its owner does not say, in seconds: what the schema of `spec.pod` promises. */
const terminationSecondsByDefault = 60;
/** What closing takes of that after the grace period, in seconds: connections 3, the process 1, and one to spare. */
const closingSeconds = 5;

/**
 * The pods of one revision. Rendered once, when the revision is made, and kept with it: an operator of another version that would
 * render another one changes nothing of what runs. The restricted Pod Security profile admits it. With `problems` it is not to be used.
 */
export function podTemplate(inputs: PodTemplateInputs): {
  readonly template: PodTemplate;
  readonly problems: readonly Problem[];
} {
  const { pipeline, revision, content } = inputs;
  const overrides = overridesOf(content);
  const { resources, problems: resourceProblems } = podResources(overrides);
  const { tokens, problems: tokenProblems } = projectedTokens(content.connections, overrides);
  const scratchSize = resources.scratch;
  const volumes = podVolumes({ pipeline, revision, references: content.references, tokens, scratchSize });
  const ours = volumes.map(({ mount }) => mount);
  const template: PodTemplate = {
    metadata: {
      labels: { ...overrides.labels, ...revisionLabels(pipeline, revision) },
      ...(overrides.annotations === undefined ? {} : { annotations: overrides.annotations }),
    },
    spec: podSpec(inputs, volumes, resources),
  };
  return { template, problems: [...resourceProblems, ...tokenProblems, ...overrideProblems(overrides, ours)] };
}

const overridesOf = ({ spec }: RevisionContent): PodOverrides => (spec as PipelineSpec).pod ?? {};

function podSpec(
  { pipeline, content, settings }: PodTemplateInputs,
  volumes: readonly MountedVolume[],
  resources: PodResources,
): PodTemplate["spec"] {
  const overrides = overridesOf(content);
  const pullSecrets = [...new Set([...settings.imagePullSecrets, ...(overrides.imagePullSecrets ?? [])])];
  const terminationSeconds = overrides.terminationGracePeriodSeconds ?? terminationSecondsByDefault;
  return {
    serviceAccountName: overrides.serviceAccountName ?? childName(pipeline),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    restartPolicy: "Always",
    terminationGracePeriodSeconds: terminationSeconds,
    securityContext: podSecurity,
    topologySpreadConstraints: overrides.topologySpreadConstraints ?? [spreadOverNodes(pipeline)],
    ...(pullSecrets.length === 0 ? {} : { imagePullSecrets: pullSecrets.map((name) => ({ name })) }),
    ...placement(overrides),
    volumes: [...volumes.map(({ volume }) => volume), ...(overrides.volumes ?? [])],
    containers: [
      {
        name: "runtime",
        image: overrides.image ?? settings.runtimeImage,
        imagePullPolicy: settings.imagePullPolicy,
        command: ["node", "--disable-warning=ExperimentalWarning", "runtime/main.ts"],
        args: runtimeArguments(terminationSeconds),
        env: environment(overrides),
        ports: [{ name: "metrics", containerPort: podPort, protocol: "TCP" }],
        resources: { requests: resources.requests, limits: resources.limits },
        ...podProbes,
        terminationMessagePath: podPath.terminationLog,
        // What crashes before it can write the file has written to its log.
        terminationMessagePolicy: "FallbackToLogsOnError",
        securityContext: containerSecurity,
        volumeMounts: [...volumes.map(({ mount }) => mount), ...(overrides.volumeMounts ?? [])],
      },
    ],
  };
}

function runtimeArguments(terminationSeconds: number): readonly string[] {
  const flags = {
    pipeline: `${podPath.pipeline}/${pipelineFile}`,
    secrets: podPath.secrets,
    "config-maps": podPath.configMaps,
    scratch: podPath.scratch,
    port: String(podPort),
    "grace-seconds": String(terminationSeconds - closingSeconds),
    "termination-log": podPath.terminationLog,
  };
  return Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]);
}

/** The owner's variables win. Libraries write to these two, and nothing else of the container can be written to. */
function environment({ env = [] }: PodOverrides): readonly { readonly name: string; readonly value: string }[] {
  const ours = ["HOME", "TMPDIR"].map((name) => ({ name, value: podPath.scratch }));
  return [...ours.filter(({ name }) => !env.some((theirs) => theirs.name === name)), ...env];
}

/** Where the owner wants the pods. What is not said is left out, not null: so the API server has it. */
function placement({ nodeSelector, tolerations, affinity, priorityClassName, runtimeClassName }: PodOverrides): object {
  const given = Object.entries({ nodeSelector, tolerations, affinity, priorityClassName, runtimeClassName });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/** Over the nodes as far as it can be: a pod that found no other node is better than none. */
const spreadOverNodes = (pipeline: string) => ({
  maxSkew: 1,
  topologyKey: "kubernetes.io/hostname",
  whenUnsatisfiable: "ScheduleAnyway",
  labelSelector: podSelector(pipeline),
});
