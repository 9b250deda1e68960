import type { Contestant, View } from "./contestant.ts";

/** What a ScaledObject of KEDA's says. */
export interface KedaTuning {
  /** Records of lag for each pod. */
  readonly lagThreshold: number;
}

/** KEDA's and the HPA's defaults, in seconds. */
const pollingInterval = 30;
const cooldownPeriod = 300;
const hpaSync = 15;
const scaleDownStabilization = 300;
/** How far the wanted number may be from the current one without a step, as a part. */
const tolerance = 0.1;
/** What the HPA adds within 15 seconds at most: as many again, or four. */
const podsAddedMin = 4;

/**
 * KEDA's Kafka scaler with an HPA of its making (pkg/scalers/kafka_scaler.go): ceil(lag / lagThreshold), no more than partitions, every
 * 15 seconds; fewer only after 300 seconds of fewer; to zero 300 seconds after the last activity, from zero at the next poll.
 */
export function keda(name: string, { lagThreshold }: KedaTuning): Contestant {
  return {
    name,
    start: () => {
      let activeAt = 0;
      const recommended: { second: number; replicas: number }[] = [];
      return (view) => {
        const { second, replicas } = view;
        const lag = view.lags().reduce((sum, one) => sum + one, 0);
        if (second % pollingInterval === 0) {
          if (lag > 0) activeAt = second;
          if (replicas === 0) return lag > 0 ? 1 : null;
          if (view.trace.min === 0 && second - activeAt >= cooldownPeriod) return 0;
        }
        if (replicas === 0 || second % hpaSync !== 0) return null;
        return stabilized(recommended, view, wantedOf(view, lag, lagThreshold));
      };
    },
  };
}

function wantedOf({ replicas, trace }: View, lag: number, lagThreshold: number): number {
  const counted = Math.min(lag, trace.partitions * lagThreshold);
  const ratio = counted / (lagThreshold * replicas);
  const wanted = Math.abs(ratio - 1) <= tolerance ? replicas : Math.ceil(counted / lagThreshold);
  return Math.min(Math.max(wanted, 1), replicas + Math.max(replicas, podsAddedMin));
}

/** The HPA's scale-down window: the greatest recommendation within it, where that is below what runs. */
function stabilized(recommended: { second: number; replicas: number }[], { second, replicas }: View, wanted: number): number {
  recommended.push({ second, replicas: wanted });
  while (recommended[0] !== undefined && second - recommended[0].second > scaleDownStabilization) recommended.shift();
  if (wanted >= replicas) return wanted;
  return Math.min(replicas, Math.max(...recommended.map((one) => one.replicas)));
}
