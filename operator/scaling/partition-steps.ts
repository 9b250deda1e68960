/**
 * The numbers of pods that make a difference, rising: at each of them the fullest pod has fewer partitions than at the one before.
 * Of 12 partitions: 1, 2, 3, 4, 6, 12.
 */
export function partitionSteps(partitions: number): readonly number[] {
  const steps: number[] = [];
  // The next step is the first number at which the fullest pod has a partition less: 2 √partitions turns at most.
  for (let pods = 1; pods <= partitions;) {
    steps.push(pods);
    const fewer = Math.ceil(partitions / pods) - 1;
    if (fewer === 0) break;
    pods = Math.ceil(partitions / fewer);
  }
  return steps;
}

/** The greatest step that is no more than `pods`; `pods` itself where nobody knows the partitions. */
export function stepDownTo(pods: number, partitions: number | null): number {
  if (partitions === null || pods <= 1) return pods;
  return partitionSteps(partitions).findLast((step) => step <= pods) ?? pods;
}
