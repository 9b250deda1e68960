/** Where the tests are that run on a cluster. */
const clusterTests = "test/e2e/cluster/";
/** Folders with tests that need Kubernetes' programs. */
const kubernetesTests = [clusterTests, "test/operator/", "test/charts/", "test/cluster/"];

/** Arguments of each of the two vitest runs of `npm test`; null: it has nothing to run. */
export interface Selection {
  /** Tests of this machine. */
  readonly here: readonly string[] | null;
  /** Tests within the network of a cluster. */
  readonly onCluster: readonly string[] | null;
  /** Whether some of them may need Kubernetes' programs. */
  readonly kubernetes: boolean;
}

/**
 * Which run gets the arguments of `npm test`. Like vitest, it takes an argument for a part of the paths of test files; one that is in no
 * path (an option, or its value) goes to both. Without any path both run.
 */
export function selection(args: readonly string[], files: readonly string[]): Selection {
  const paths = args.filter((argument) => files.some((file) => file.includes(argument)));
  const others = args.filter((argument) => !paths.includes(argument));
  const forRun = (own: (file: string) => boolean): readonly string[] | null => {
    const chosen = paths.filter((path) => files.some((file) => own(file) && file.includes(path)));
    return paths.length > 0 && chosen.length === 0 ? null : [...others, ...chosen];
  };
  const chosen = files.filter((file) => paths.length === 0 || paths.some((path) => file.includes(path)));
  return {
    kubernetes: chosen.some((file) => kubernetesTests.some((folder) => file.startsWith(folder))),
    here: forRun((file) => !file.startsWith(clusterTests)),
    onCluster: forRun((file) => file.startsWith(clusterTests)),
  };
}
