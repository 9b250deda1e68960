import { posix } from "node:path";
import { revisionName } from "../names.ts";
import type { Reference } from "../observed.ts";

/** A volume of Kubernetes, with its name. */
export interface Volume {
  readonly name: string;
  readonly [source: string]: unknown;
}
/** Where a volume appears in the container. */
export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
  readonly readOnly?: boolean;
}
/** A volume and where it appears. */
export interface MountedVolume {
  readonly volume: Volume;
  readonly mount: VolumeMount;
}

/** Where the operator puts things into a pod: arguments of runtime/main.ts. */
export const podPath = {
  pipeline: "/etc/snowline/pipeline",
  secrets: "/etc/snowline/secrets",
  configMaps: "/etc/snowline/config-maps",
  /** Hand-over files, and what libraries write for themselves: the only place that can be written to. */
  scratch: "/scratch",
  terminationLog: "/dev/termination-log",
} as const;
/** The pipeline's file in its volume, and its key in the revision's ConfigMap. */
export const pipelineFile = "pipeline.json";
/** Begins the names of the operator's volumes. */
export const volumePrefix = "snowline-";

/** Readable by the owner and the group: 0440, in decimal as JSON has it. */
const readableMode = 0o440;
/** How long a projected token is good for, in seconds: the kubelet renews it after 80 % of that. */
const tokenSeconds = 3600;

/** What the operator mounts into the pods of one revision. */
export interface VolumeSources {
  readonly pipeline: string;
  readonly revision: string;
  readonly references: readonly Reference[];
  /** Projected service-account tokens. */
  readonly tokens: readonly ProjectedToken[];
  readonly scratchSize: string;
}
/** A token of the pod's ServiceAccount for somebody outside the cluster. */
export interface ProjectedToken {
  /** Absolute path of the file. */
  readonly path: string;
  readonly audience: string;
}

/** The operator's own volumes: the revision, what it refers to, tokens, scratch. */
export function podVolumes({ pipeline, revision, references, tokens, scratchSize }: VolumeSources): readonly MountedVolume[] {
  return [
    {
      volume: {
        name: `${volumePrefix}pipeline`,
        configMap: {
          name: revisionName(pipeline, revision),
          items: [{ key: pipelineFile, path: pipelineFile }],
          defaultMode: readableMode,
        },
      },
      mount: { name: `${volumePrefix}pipeline`, mountPath: podPath.pipeline, readOnly: true },
    },
    ...references.map(referenceVolume),
    ...tokens.map(tokenVolume),
    {
      volume: { name: `${volumePrefix}scratch`, emptyDir: { medium: "Memory", sizeLimit: scratchSize } },
      mount: { name: `${volumePrefix}scratch`, mountPath: podPath.scratch },
    },
  ];
}

/**
 * Only the keys that are read. `optional`: without it a pod whose key is missing never starts and says nothing; with it the runtime
 * ends with SecretMissing, which names the key. The name is a number, because a Secret's own may be longer than a volume's.
 */
function referenceVolume({ kind, name, keys }: Reference, index: number): MountedVolume {
  const items = keys.map((key) => ({ key, path: key }));
  const volume = `${volumePrefix}reference-${index}`;
  const shared = { items, defaultMode: readableMode, optional: true };
  return kind === "Secret"
    ? {
        volume: { name: volume, secret: { secretName: name, ...shared } },
        mount: { name: volume, mountPath: `${podPath.secrets}/${name}`, readOnly: true },
      }
    : {
        volume: { name: volume, configMap: { name, ...shared } },
        mount: { name: volume, mountPath: `${podPath.configMaps}/${name}`, readOnly: true },
      };
}

function tokenVolume({ path, audience }: ProjectedToken, index: number): MountedVolume {
  const name = `${volumePrefix}token-${index}`;
  const serviceAccountToken = { audience, expirationSeconds: tokenSeconds, path: posix.basename(path) };
  return {
    volume: { name, projected: { sources: [{ serviceAccountToken }], defaultMode: readableMode } },
    mount: { name, mountPath: posix.dirname(path), readOnly: true },
  };
}
