import { partitionSteps } from "./partition-steps.ts";

/** What is to be carried. */
export interface Load {
  readonly arrivalsPerSecond: number;
  /** At the partition at which most arrives; 0 where nobody knows. */
  readonly hottestPerSecond: number;
  /** Records to be caught up. */
  readonly behindRecords: number;
  /** Within how long they are to be. */
  readonly catchUpSeconds: number;
  /** For how long a change of the number of pods stops them. */
  readonly rebalanceSeconds: number;
}

/** Who carries it. */
export interface Carriers {
  /** What one pod carries. */
  readonly perSecond: number;
  /** Of the source; null where nobody knows. */
  readonly partitions: number | null;
}

/** How full pods may be. */
interface Limits {
  /** What part of a pod's capacity arrivals may take. */
  readonly utilization: number;
  /** The same where the next number of pods that makes a difference is so much greater that most of it would stand idle. */
  readonly beforeLeap: number;
  /** The same for the pod with the hottest partition: spread further, it would have to be alone in a pod that is half empty. */
  readonly hottest: number;
  /** Where the hottest partition alone is more than that: what part of its pod others may take. Below it another pod brings nothing worth having. */
  readonly beside: number;
}

/** As full as pods are made: the headroom bears a peak until there are more pods. Flink's autoscaler takes the same number. */
export const planned: Limits = { utilization: 0.7, beforeLeap: 0.85, hottest: 0.85, beside: 0.05 };
/** As full as pods may become before there are more. What lies between the two is what arrivals may waver without any step. */
const tolerated: Limits = { utilization: 0.8, beforeLeap: 0.93, hottest: 0.95, beside: 0.1 };

/** From how many times as many pods on a step is a leap: from 6 to 12 of 12 partitions, from 1 to 2. */
const leapFactor = 1.5;
/** How many times the average a partition must get to count as hot, where it is too much for a pod. */
const hotFactor = 1.5;

/** How many pods a load needs. */
export interface Need {
  /** What part of a pod's capacity arrivals are to take. */
  readonly utilization: number;
  /** What all pods together should be able to carry, in records per second. */
  readonly demandPerSecond: number;
  /** By what a pod carries. */
  readonly rawReplicas: number;
  /** The least number of pods of which even the fullest is not overfull; with all partitions apart where none is. At least 1. */
  readonly replicas: number;
  /** True where a pod for each partition would not do either. */
  readonly beyondPartitions: boolean;
  /** True where one partition alone fills a pod. */
  readonly skewed: boolean;
}

/** arrivals / utilization + behind / catchUp + arrivals * rebalance / catchUp, in records per second. */
function demandPerSecond(load: Load, utilization: number): number {
  const { arrivalsPerSecond, behindRecords, catchUpSeconds, rebalanceSeconds } = load;
  const rebalance = Math.min(rebalanceSeconds, catchUpSeconds);
  return arrivalsPerSecond / utilization + (behindRecords + arrivalsPerSecond * rebalance) / catchUpSeconds;
}

/** What the load needs, counting in the price of getting there. */
export function needOf(load: Load, carriers: Carriers): Need {
  const { perSecond, partitions } = carriers;
  const demandFor = (utilization: number) => {
    const demand = demandPerSecond(load, utilization);
    return { utilization, demandPerSecond: demand, rawReplicas: demand / perSecond };
  };
  const skewed = isSkewed(load, carriers);
  if (partitions === null || partitions <= 0) {
    const demand = demandFor(planned.utilization);
    return { ...demand, replicas: Math.max(1, Math.ceil(demand.rawReplicas - rounding)), beyondPartitions: false, skewed };
  }
  const fitting = partitionSteps(partitions).find((step) => fits(step, load, { carriers, limits: planned }));
  const replicas = fitting ?? partitions;
  const demand = demandFor(utilizationAt(replicas, partitions, planned));
  return { ...demand, replicas, beyondPartitions: fitting === undefined, skewed };
}

/** True where so many pods are not enough any more: a step must bring more than it costs, so its price does not count. */
export function isOverfull(replicas: number, load: Load, carriers: Carriers): boolean {
  return !fits(replicas, { ...load, rebalanceSeconds: 0 }, { carriers, limits: tolerated });
}

/** What so many pods carry, in records per second, where what arrives is spread evenly over the partitions. */
export function carriedBy(replicas: number, { perSecond, partitions }: Carriers): number {
  if (partitions === null || partitions <= 0) return replicas * perSecond;
  return replicas <= 0 ? 0 : (perSecond * partitions) / Math.ceil(partitions / replicas);
}

/** What the fullest of so many pods gets, in records per second. */
export function fullestOf(replicas: number, load: Load, partitions: number | null): number {
  const { arrivalsPerSecond, hottestPerSecond: hottest } = load;
  if (partitions === null || partitions <= 1) return arrivalsPerSecond / Math.max(partitions === null ? replicas : 1, 1);
  const ofFullest = Math.ceil(partitions / Math.max(replicas, 1));
  const even = (arrivalsPerSecond * ofFullest) / partitions;
  return Math.max(even, hottest + ((ofFullest - 1) * Math.max(arrivalsPerSecond - hottest, 0)) / (partitions - 1));
}

/** So small a part of a pod is no reason for a further one: it is the error of the division. */
const rounding = 1e-9;

/** How full pods may be at a step: fuller where the next one is a leap. */
function utilizationAt(replicas: number, partitions: number, { utilization, beforeLeap }: Limits): number {
  const fewer = Math.ceil(partitions / replicas) - 1;
  return fewer > 0 && Math.ceil(partitions / fewer) >= leapFactor * replicas ? beforeLeap : utilization;
}

interface Measure {
  readonly carriers: Carriers;
  readonly limits: Limits;
}

function fits(replicas: number, load: Load, { carriers, limits }: Measure): boolean {
  const { perSecond, partitions } = carriers;
  if (replicas <= 0) return false;
  if (partitions === null || partitions <= 0)
    return demandPerSecond(load, limits.utilization) <= replicas * perSecond * (1 + rounding);
  const ofFullest = Math.ceil(partitions / replicas);
  const demand = demandPerSecond(load, utilizationAt(replicas, partitions, limits));
  if ((ofFullest * demand) / partitions > perSecond * (1 + rounding)) return false;
  const { hottestPerSecond: hottest, arrivalsPerSecond } = load;
  if (partitions === 1 || hottest <= arrivalsPerSecond / partitions) return true;
  const beside = ((ofFullest - 1) * Math.max(arrivalsPerSecond - hottest, 0)) / (partitions - 1);
  // What is too much for any pod is not spread for its own sake, only so far that others do not take it the room.
  if (hottest > limits.hottest * perSecond) return beside <= limits.beside * perSecond;
  return hottest + beside <= limits.hottest * perSecond;
}

function isSkewed({ hottestPerSecond: hottest, arrivalsPerSecond }: Load, { perSecond, partitions }: Carriers): boolean {
  if (partitions === null || partitions <= 1) return false;
  return hottest > planned.hottest * perSecond && hottest > (hotFactor * arrivalsPerSecond) / partitions;
}
