import { parseArgs } from "node:util";
import type { LevelWithSilent } from "pino";
import { serviceAccountDirectory } from "./kube/in-cluster-access.ts";

/** What the operator was told at its start. */
export interface OperatorOptions {
  /** Of a user outside the cluster; null: the pod's own ServiceAccount. */
  readonly kubeconfig: string | null;
  /** Where the pod's token is, where it is not mounted in the usual place. */
  readonly serviceAccountDirectory: string;
  /** Namespaces whose pipelines it runs; null: all. */
  readonly namespaces: readonly string[] | null;
  readonly operatorNamespace: string;
  /** Names this process in the Lease and in events: the pod's name. */
  readonly identity: string;
  readonly leaseName: string;
  readonly leaderElect: boolean;
  readonly runtimeImage: string;
  readonly runtimeImagePullPolicy: "Always" | "IfNotPresent" | "Never";
  readonly runtimeImagePullSecrets: readonly string[];
  readonly rolloutDeadlineSeconds: number;
  /** Whether the operator looks at sources of pipelines that run no pod. */
  readonly scaleToZero: boolean;
  readonly workers: number;
  readonly host: string;
  /** Of /metrics, /livez and /readyz. 0 takes a free one. */
  readonly port: number;
  readonly webhook: WebhookChoice | null;
  readonly logLevel: LevelWithSilent;
  readonly graceSeconds: number;
}

/** How admission is served. */
export interface WebhookChoice {
  readonly port: number;
  /** Mounted files of somebody else's making, or what is made by ourselves. */
  readonly certificates:
    | { readonly directory: string }
    | { readonly secret: string; readonly service: string; readonly configuration: string };
}

const flags = {
  kubeconfig: { type: "string" },
  "service-account-directory": { type: "string", default: serviceAccountDirectory },
  namespaces: { type: "string" },
  "operator-namespace": { type: "string" },
  identity: { type: "string" },
  "lease-name": { type: "string", default: "snowline" },
  "leader-elect": { type: "string", default: "true" },
  "runtime-image": { type: "string" },
  "runtime-image-pull-policy": { type: "string", default: "IfNotPresent" },
  "runtime-image-pull-secrets": { type: "string", default: "" },
  "rollout-deadline-seconds": { type: "string", default: "600" },
  "scale-to-zero": { type: "string", default: "true" },
  workers: { type: "string", default: "16" },
  host: { type: "string", default: "0.0.0.0" },
  port: { type: "string", default: "8080" },
  "webhook-port": { type: "string", default: "9443" },
  "webhook-service": { type: "string" },
  "webhook-configuration": { type: "string" },
  "webhook-secret": { type: "string" },
  "webhook-certificates": { type: "string" },
  "log-level": { type: "string", default: "info" },
  "grace-seconds": { type: "string", default: "25" },
} as const;

type Values = Readonly<Record<string, string | undefined>>;

const portMax = 65_535;
const workersMax = 256;
const secondsMax = 86_400;
const pullPolicies = ["Always", "IfNotPresent", "Never"] as const;
const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** Reads the command line. Throws with the flag, its value and what it has to be. */
export function readOptions(args: readonly string[]): OperatorOptions {
  const values: Values = parseArgs({ options: flags, args: [...args] }).values;
  return {
    kubeconfig: values["kubeconfig"] ?? null,
    serviceAccountDirectory: required(values, "service-account-directory"),
    namespaces: values["namespaces"] === undefined ? null : named(values, "namespaces"),
    operatorNamespace: required(values, "operator-namespace"),
    identity: required(values, "identity"),
    leaseName: required(values, "lease-name"),
    leaderElect: oneOf(values, "leader-elect", ["true", "false"]) === "true",
    runtimeImage: required(values, "runtime-image"),
    runtimeImagePullPolicy: oneOf(values, "runtime-image-pull-policy", pullPolicies),
    runtimeImagePullSecrets: listed(values["runtime-image-pull-secrets"]),
    rolloutDeadlineSeconds: whole(values, "rollout-deadline-seconds", { min: 10, max: secondsMax }),
    scaleToZero: oneOf(values, "scale-to-zero", ["true", "false"]) === "true",
    workers: whole(values, "workers", { min: 1, max: workersMax }),
    host: required(values, "host"),
    port: whole(values, "port", { min: 0, max: portMax }),
    webhook: webhookChoice(values),
    logLevel: oneOf(values, "log-level", logLevels),
    graceSeconds: whole(values, "grace-seconds", { min: 1, max: secondsMax }),
  };
}

/** Port 0 is no webhook: nobody would find it. */
function webhookChoice(values: Values): WebhookChoice | null {
  const port = whole(values, "webhook-port", { min: 0, max: portMax });
  if (port === 0) return null;
  const directory = values["webhook-certificates"];
  if (directory !== undefined) return { port, certificates: { directory } };
  const [secret, service, configuration] = ["webhook-secret", "webhook-service", "webhook-configuration"].map(
    (flag) => values[flag],
  );
  if (secret === undefined || service === undefined || configuration === undefined)
    throw new Error(
      "--webhook-port: needs --webhook-certificates, or all of --webhook-secret, --webhook-service and --webhook-configuration; 0 is no webhook",
    );
  return { port, certificates: { secret, service, configuration } };
}

function required(values: Values, flag: string): string {
  const value = values[flag];
  if (value === undefined || value === "") throw new Error(`--${flag}: is missing; give it a value`);
  return value;
}

function whole(values: Values, flag: string, { min, max }: { readonly min: number; readonly max: number }): number {
  const text = required(values, flag);
  const number = Number(text);
  if (!Number.isInteger(number) || number < min || number > max)
    throw new Error(`--${flag}: ${text} must be a whole number from ${min} to ${max}`);
  return number;
}

function oneOf<const V extends string>(values: Values, flag: string, allowed: readonly V[]): V {
  const text = required(values, flag);
  const value = allowed.find((one) => one === text);
  if (value === undefined) throw new Error(`--${flag}: ${text} must be one of ${allowed.join(", ")}`);
  return value;
}

const listed = (text: string | undefined): readonly string[] =>
  (text ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);

function named(values: Values, flag: string): readonly string[] {
  const names = [...new Set(listed(values[flag]))];
  if (names.length === 0)
    throw new Error(`--${flag}: is empty; leave it out for all namespaces, or name some, separated by commas`);
  return names;
}
