import { setTimeout as sleep } from "node:timers/promises";
import type { Readable } from "node:stream";
import { consumerGroupOf } from "../../crds/connectors/kafka.ts";
import { NotConnected, Terminal } from "../component/errors.ts";
import { ClusterCache } from "./cluster-cache.ts";
import { probeKafka } from "./probe-kafka.ts";
import type { ProbeAnswer, ProbeQuestion } from "./probe-message.ts";
import { questionsOf } from "./questions.ts";

/** Questions answered at once. Further ones wait in the pipe. */
const questionsMax = 32;

/** What a probe works with. */
export interface ProbeOptions {
  readonly input: Readable;
  /** Takes one answer. */
  answer(answer: ProbeAnswer): void;
  readonly now: () => number;
  /** See `probeDeadlineMs`. */
  readonly deadlineMs: number;
}

/** Answers questions until the input has ended and each has its answer. Throws where the input is no stream of lines. */
export async function runProbe({ input, answer, now, deadlineMs }: ProbeOptions): Promise<void> {
  await using clusters = new ClusterCache(now);
  const open = new Set<Promise<void>>();
  for await (const asked of questionsOf(input)) {
    if (asked.kind === "noise") continue;
    if (asked.kind === "invalid") {
      answer({ id: asked.id, error: asked.error });
      continue;
    }
    const answered = (async () => answer(await answerOf(asked.question, clusters, deadlineMs)))();
    open.add(answered);
    void answered.finally(() => open.delete(answered));
    if (open.size >= questionsMax) await Promise.race(open);
  }
  await Promise.all(open);
}

/** The answer, or that there was none in time. Never throws. */
async function answerOf(question: ProbeQuestion, clusters: ClusterCache, deadlineMs: number): Promise<ProbeAnswer> {
  const { id } = question;
  const deadline = new AbortController();
  const late = sleep(deadlineMs, undefined, { signal: deadline.signal }).then((): ProbeAnswer => {
    const brokers = question.connection.kafka?.brokers.join(", ") ?? "";
    return { id, error: `kafka (${brokers}): no answer within ${deadlineMs / 1000} s. Are the brokers up and reachable?` };
  });
  // Taken back once there is an answer.
  late.catch(() => {});
  try {
    return await Promise.race([probed(question, clusters, AbortSignal.timeout(deadlineMs)), late]);
  } catch (error) {
    return { id, error: sentence(error) };
  } finally {
    deadline.abort();
  }
}

async function probed(question: ProbeQuestion, clusters: ClusterCache, signal: AbortSignal): Promise<ProbeAnswer> {
  const { id, pipeline } = question;
  const { kafka: source } = question.source;
  if (source === undefined) return { id, error: "source: only a source.kafka can be probed. Set scaling.min to 1" };
  const groupId = consumerGroupOf(source, pipeline);
  const answer = await clusters.use(question, source, (cluster) => probeKafka(cluster, { source, groupId }, signal));
  return { id, ...answer };
}

/** Only our own errors are known to hold no secret. */
function sentence(error: unknown): string {
  if (error instanceof NotConnected || error instanceof Terminal) return error.message;
  return `probe: it failed with ${error instanceof Error ? error.name : "an unknown error"}. This is a fault of the operator`;
}
