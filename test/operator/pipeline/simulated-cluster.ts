import assert from "node:assert/strict";
import type { PipelineStatus } from "../../../crds/kinds/pipeline-status.ts";
import type { Happening } from "../../../operator/control/event-recorder.ts";
import type { KubeObject } from "../../../operator/kube/kube-object.ts";
import { canonicalJson } from "../../../operator/kube/canonical-json.ts";
import { decide } from "../../../operator/pipeline/decide.ts";
import { revisionOfIdentity } from "../../../operator/pipeline/decide/wanted.ts";
import { finalizer, label } from "../../../operator/pipeline/names.ts";
import type { DepartedPod, LiveDeployment, Observed, ObservedPod } from "../../../operator/pipeline/observed.ts";
import type { Action, OperatorSettings } from "../../../operator/pipeline/plan.ts";
import { type Probed, unprobed } from "../../../operator/probe/probed.ts";
import { type Remembered, rememberedFrom } from "../../../operator/pipeline/remembered.ts";
import { revisionFrom } from "../../../operator/pipeline/revision-config-map.ts";
import { type Urgency, urgencyOf, waitMs } from "../../../operator/pipeline/status/urgency.ts";
import { orders, settings } from "./orders.ts";
import { after, idle, loadTold, newPod, type SimulatedSource } from "./simulated-pods.ts";

/** How the pods of a spec fare, said by its SQL. */
export type Fate = "good" | "terminal" | "slow" | "image";

/** What a scenario may say about the spec. `text` makes two good specs differ. */
export interface SimulatedSpec {
  readonly fate?: Fate | "invalid";
  readonly text?: string;
  readonly replicas?: number;
  readonly suspend?: boolean;
  readonly scaling?: { readonly min?: number; readonly max: number } & Readonly<Record<string, unknown>>;
  readonly quality?: object;
  /** Version of the Secret that the warehouse's key is in; null: it is not there. */
  readonly secret?: string | null;
  readonly roll?: string;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface SimulatedDeployment {
  object: Mutable<LiveDeployment> & { metadata: Mutable<LiveDeployment["metadata"]> };
  observed: number;
}

/** The Pipeline is killed here: what had been written stays. */
export class Killed extends Error {
  override readonly name = "Killed";
}

/**
 * As much of a cluster as a pipeline meets: the API server's objects, a Deployment controller that rolls as Kubernetes does, and
 * pods whose fate is in their SQL. Nothing happens by itself: a scenario says who takes a turn.
 */
export class SimulatedCluster {
  nowMs = Date.parse("2026-01-01T00:00:00Z");
  /** Null once the API server has let go of it. */
  pipeline: {
    spec: SimulatedSpec;
    generation: number;
    uid: number;
    finalizers: string[];
    deleting: boolean;
    status: PipelineStatus;
  } | null = null;
  deployment: SimulatedDeployment | null = null;
  children = new Map<string, KubeObject>();
  pods: ObservedPod[] = [];
  departed: DepartedPod[] = [];
  happenings: Happening[] = [];
  /** Writes that changed something, by all turns of the operator. */
  writes: string[] = [];
  warehouseUp = true;
  /** What arrives at the source, and what waits there, as pods and probe tell it. */
  source: SimulatedSource = { arrivalsPerSecond: 0, lagRecords: 0, partitions: 12, carriesPerSecond: 100, loaded: 0 };
  /** Why the source of a pipeline that sleeps cannot be looked at; null: it can. */
  blindness: Probed["failure"] = null;
  /** Whether its source is looked at. */
  sleeps = false;
  /** What the operator was started with. */
  settings: OperatorSettings = settings;
  #names = 0;
  #uids = 0;
  #statusMs = 0;
  /** Lost with the operator's process. */
  #remembered: Remembered | null = null;

  /** kubectl apply. */
  apply(spec: SimulatedSpec): void {
    const before = this.pipeline;
    if (before === null) {
      this.pipeline = { spec, generation: 1, uid: ++this.#uids, finalizers: [], deleting: false, status: {} };
      return;
    }
    const { secret: _a, roll: _b, ...specBefore } = before.spec;
    const { secret: _c, roll: _d, ...specAfter } = spec;
    if (JSON.stringify(specBefore) !== JSON.stringify(specAfter)) before.generation++;
    before.spec = spec;
  }

  /** kubectl delete. */
  delete(): void {
    if (this.pipeline === null) return;
    this.pipeline.deleting = true;
    this.#collect();
  }

  /** Time passes, and pods that are ready load what they can. */
  pass(seconds: number): void {
    this.nowMs += seconds * 1000;
    this.source = after(this.source, { seconds, pods: this.readyPods().length });
  }

  observed(): Observed | null {
    if (this.pipeline === null) return null;
    const { spec, generation, uid, finalizers, deleting, status } = this.pipeline;
    const { fate = "good", text = "", replicas, suspend, scaling, quality, secret = "1", roll } = spec;
    const inputs = orders({
      set: {
        "spec.transform": { sql: `SELECT '${fate}' AS fate, '${text}' AS text` },
        ...(replicas === undefined ? {} : { "spec.replicas": replicas }),
        ...(suspend === undefined ? {} : { "spec.suspend": suspend }),
        ...(scaling === undefined ? {} : { "spec.scaling": scaling }),
        ...(quality === undefined ? {} : { "spec.quality": quality }),
      },
      versions: { "Secret/snowflake-key": secret === null ? null : `uid/${secret}` },
    });
    const metadata = {
      name: "orders",
      namespace: "shop",
      uid: `pipeline-${uid}`,
      generation,
      finalizers,
      ...(deleting ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
      ...(roll === undefined ? {} : { annotations: { "snowline.dev/roll": roll } }),
    };
    const pipeline = { ...inputs.pipeline, metadata, status };
    const children = [...this.children.values()];
    const revisions = children.flatMap((child) => (child.kind === "ConfigMap" ? (revisionFrom(child) ?? []) : []));
    const found = { ...inputs, pipeline, revisions };
    const problems = fate === "invalid" ? [{ path: "spec.transform.sql", message: "syntax error" }] : [];
    return {
      ...found,
      specProblems: revisionOfIdentity(found) === null ? problems : null,
      deployment: this.#liveDeployment(),
      children,
      pods: this.pods.map((pod) =>
        pod.ready && this.#tellsLoad()
          ? { ...pod, report: loadTold(this.source, { pods: this.readyPods().length, nowMs: this.nowMs }) }
          : pod,
      ),
      departed: this.departed,
      obstacle: null,
      probed: this.#probed(),
      remembered: this.#remembered ?? rememberedFrom(pipeline.status),
      nowMs: this.nowMs,
    };
  }

  /** One turn of the operator. With `killedBefore` its process ends before that write; answers how many writes changed something. */
  operate(killedBefore = Number.POSITIVE_INFINITY): number {
    const observed = this.observed();
    if (observed === null) return 0;
    const plan = decide(observed, this.settings);
    const before = this.writes.length;
    for (const action of plan.actions)
      this.#carryOut(action, plan.status, () => {
        if (this.writes.length - before < killedBefore) return;
        this.#remembered = null;
        this.sleeps = false;
        throw new Killed();
      });
    this.#remembered = plan.remembered;
    this.sleeps = plan.sleeper !== null;
    this.happenings.push(...plan.happenings);
    return this.writes.length - before;
  }

  /** One turn of Kubernetes' controllers: makes and ends pods as a Deployment does. */
  control(): void {
    const { deployment } = this;
    if (deployment === null) return this.#endPods(this.pods.filter(({ deleting }) => !deleting));
    deployment.observed = deployment.object.metadata.generation ?? 0;
    const wanted = deployment.object.spec.replicas ?? 1;
    const revision = deployment.object.spec.template.metadata.labels[label.revision]!;
    const alive = this.pods.filter(({ deleting }) => !deleting);
    const old = alive.filter((pod) => pod.revision !== revision);
    const fresh = alive.filter((pod) => pod.revision === revision);
    if (wanted === 0) return this.#endPods(alive);
    this.#endPods(fresh.slice(wanted));
    // Unready pods of old revisions go first, as Kubernetes cleans up; ready ones only for others that are ready.
    this.#endPods(old.filter(({ ready }) => !ready));
    const surge = Math.ceil(wanted / 4);
    const total = this.pods.filter(({ deleting }) => !deleting).length;
    const room = Math.max(0, Math.min(wanted - fresh.length, wanted + surge - total));
    for (let made = 0; made < room; made++) this.#makePod(revision);
    const ready = this.pods.filter((pod) => !pod.deleting && pod.ready);
    const spare = ready.length - wanted;
    this.#endPods(ready.filter((pod) => pod.revision !== revision).slice(0, Math.max(spare, 0)));
  }

  /** One turn of the nodes: every pod goes on as its SQL says. `exitCode`: how those end that are told to. */
  run(exitCode = 0): void {
    for (const pod of this.pods.filter(({ deleting }) => deleting)) this.#depart(pod, exitCode);
    this.pods = this.pods.filter(({ deleting }) => !deleting).map((pod) => this.#advanced(pod));
  }

  /** A node takes a pod away. */
  evict(): void {
    this.#endPods(this.pods.slice(0, 1));
  }

  /** Turns of everybody, a minute each, until nothing changes. */
  settle(): void {
    const shown = (): string =>
      JSON.stringify([this.pods.map(({ name, ready, deleting }) => [name, ready, deleting]), this.writes.length]);
    for (let turn = 0, quiet = 0; turn < 150; turn++) {
      const before = shown();
      this.operate();
      this.control();
      this.run();
      this.pass(61);
      quiet = shown() === before ? quiet + 1 : 0;
      // Longer than a rollout's deadline.
      if (quiet === 12) return;
    }
    throw new Error(`does not settle: ${this.writes.slice(-10).join(", ")}`);
  }

  get status(): PipelineStatus {
    return this.pipeline?.status ?? {};
  }
  condition(type: string): string {
    const found = this.status.conditions?.find((condition) => condition.type === type);
    return found === undefined ? "" : `${found.status} ${found.reason}`;
  }
  message(type: string): string {
    return this.status.conditions?.find((condition) => condition.type === type)?.message ?? "";
  }
  /** Revisions that have a ConfigMap. */
  get revisions(): string[] {
    return [...this.children.values()].flatMap(({ kind, metadata }) =>
      kind === "ConfigMap" ? [metadata.labels![label.revision]!] : [],
    );
  }
  readyPods(): ObservedPod[] {
    return this.pods.filter(({ ready, deleting }) => ready && !deleting);
  }

  /** The operator's process ends between two turns. */
  restartOperator(): void {
    this.#remembered = null;
    this.sleeps = false;
    this.departed = [];
  }

  #probed(): Probed {
    if (!this.sleeps) return unprobed;
    const { arrivalsPerSecond, lagRecords, partitions } = this.source;
    const probe = { arrivalsPerSecond, lagRecords, partitions, atMs: this.nowMs };
    return { probe: this.blindness === null ? probe : null, failure: this.blindness };
  }

  #liveDeployment(): LiveDeployment | null {
    if (this.deployment === null) return null;
    const { object, observed } = this.deployment;
    const revision = object.spec.template.metadata.labels[label.revision];
    const alive = this.pods.filter(({ deleting }) => !deleting);
    const ready = alive.filter(({ ready }) => ready).length;
    const counts = {
      replicas: alive.length,
      readyReplicas: ready,
      availableReplicas: ready,
      unavailableReplicas: alive.length - ready,
    };
    const updatedReplicas = alive.filter((pod) => pod.revision === revision).length;
    return { ...object, status: { observedGeneration: observed, ...counts, updatedReplicas } };
  }

  #carryOut(action: Action, status: PipelineStatus, beforeWrite: () => void): void {
    const write = (what: string, run: () => void): void => {
      beforeWrite();
      this.writes.push(what);
      run();
    };
    const pipeline = this.pipeline!;
    switch (action.kind) {
      case "finalizer":
        return write(`finalizer ${action.present}`, () => {
          pipeline.finalizers = action.present ? [finalizer] : [];
          this.#collect();
        });
      case "status": {
        const urgency = urgencyOf(pipeline.status, status);
        if (urgency === "none" || this.#statusWaitMs(urgency) > 0) return;
        return write("status", () => {
          this.#statusMs = this.nowMs;
          pipeline.status = JSON.parse(JSON.stringify(status)) as PipelineStatus;
        });
      }
      case "delete":
        return write(`delete ${action.object.metadata.name}`, () => this.children.delete(keyOf(action.object)));
      case "apply":
        return this.#applyChild(action.object, write);
      default:
        return action satisfies never;
    }
  }

  #statusWaitMs(urgency: Exclude<Urgency, "none">): number {
    return waitMs(urgency, { writtenMs: this.#statusMs, pods: this.pods, nowMs: this.nowMs });
  }

  #applyChild(object: KubeObject, write: (what: string, run: () => void) => void): void {
    const what = `apply ${object.kind} ${object.metadata.name}`;
    if (object.kind !== "Deployment") {
      if (canonicalJson(this.children.get(keyOf(object))) === canonicalJson(object)) return;
      return write(what, () => this.children.set(keyOf(object), object));
    }
    const before = this.deployment?.object;
    const wanted = object as LiveDeployment;
    if (canonicalJson(before?.spec) === canonicalJson(wanted.spec)) return;
    return write(what, () => {
      const generation = (before?.metadata.generation ?? 0) + 1;
      this.deployment = {
        object: { ...wanted, metadata: { ...wanted.metadata, generation } },
        observed: this.deployment?.observed ?? 0,
      };
    });
  }

  /** The API server lets go of a Pipeline without finalizers, the garbage collector of what it owned. */
  #collect(): void {
    if (this.pipeline?.deleting !== true || this.pipeline.finalizers.length > 0) return;
    this.pipeline = null;
    this.deployment = null;
    this.children.clear();
  }

  #makePod(revision: string): void {
    const name = `orders-${++this.#names}`;
    this.pods.push(newPod(name, revision, this.nowMs));
  }

  #endPods(pods: readonly ObservedPod[]): void {
    this.pods = this.pods.map((pod) =>
      pods.includes(pod)
        ? { ...pod, deleting: true, ready: false, readySinceMs: this.nowMs, endDueMs: this.nowMs + 60_000 }
        : pod,
    );
  }

  #depart({ name, uid, revision, report }: ObservedPod, exitCode: number): void {
    const ended = { exitCode, reason: exitCode === 0 ? "Completed" : "Error", message: "", atMs: this.nowMs };
    this.departed = [...this.departed, { name, uid, revision, atMs: this.nowMs, ended, report }].slice(-10);
  }

  #advanced(pod: ObservedPod): ObservedPod {
    const running: ObservedPod = { ...pod, phase: "Running" };
    const fate = this.fateOf(pod.revision);
    if (fate === "image") return { ...pod, waiting: { reason: "ImagePullBackOff", message: "no such image" } };
    if (fate === "terminal") {
      const ended = { exitCode: 3, reason: "TableMissing", message: "table ORDERS: is not there", atMs: this.nowMs };
      return {
        ...running,
        ready: false,
        readySinceMs: pod.ready ? this.nowMs : pod.readySinceMs,
        ends: pod.ends + 1,
        ended,
        waiting: { reason: "CrashLoopBackOff", message: "" },
      };
    }
    const ready = fate === "good" && this.warehouseUp;
    return {
      ...running,
      ready,
      readySinceMs: ready === pod.ready ? pod.readySinceMs : this.nowMs,
      report: ready ? (pod.report ?? idle) : pod.report,
    };
  }

  #tellsLoad(): boolean {
    return this.pipeline?.spec.scaling !== undefined || this.pipeline?.spec.quality !== undefined;
  }

  /** What the SQL of a revision says. */
  fateOf(revision: string): Fate {
    const configMap = [...this.children.values()].find(
      ({ kind, metadata }) => kind === "ConfigMap" && metadata.labels?.[label.revision] === revision,
    );
    if (configMap === undefined) throw new Error(`revision ${revision}: its ConfigMap is gone, and a pod needs it`);
    const sql = (revisionFrom(configMap)!.content.spec["transform"] as { sql: string }).sql;
    return /'(\w+)' AS fate/.exec(sql)![1] as Fate;
  }
}

/** A cluster in which a pipeline runs well. */
export function runningCluster(spec: SimulatedSpec = { text: "one" }): SimulatedCluster {
  const cluster = new SimulatedCluster();
  cluster.apply(spec);
  cluster.settle();
  assert.match(cluster.condition("Ready"), /^True (Running|Idle)$/);
  return cluster;
}

const keyOf = ({ kind, metadata }: KubeObject): string => `${kind}/${metadata.name}`;
