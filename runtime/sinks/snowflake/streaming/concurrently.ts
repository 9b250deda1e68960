/** Requests to the ingest host at the same time: each channel takes ten a second, and a pod's share of the network is what ends it. */
const requestsMax = 8;

/** Calls `each` for all, some at the same time; throws the first error after all that were begun have ended. */
export async function concurrently<T>(all: readonly T[], each: (one: T) => Promise<void>): Promise<void> {
  const queue = [...all];
  const work = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      try {
        await each(one);
      } catch (error) {
        queue.length = 0;
        throw error;
      }
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: Math.min(requestsMax, all.length) }, work));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
