import { type ClusterAccess, type ClusterPlace, clusterAccess } from "./cluster-access.ts";
import { startCluster } from "./cluster.ts";
import { projectImages } from "./images.ts";

/** The cluster of a run of tests. */
export interface ClusterForTests extends AsyncDisposable {
  /** Words before the command that runs the tests. */
  readonly enterNetwork: readonly string[];
  /** Tells the tests where they are. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What the tests of a cluster find. */
export interface GivenCluster extends ClusterAccess {
  /** Name of the project's image, which the node has: the operator and the pipelines' pods. */
  readonly image: string;
}

interface Given {
  readonly cluster: ClusterPlace;
  readonly image: string;
}

const variable = "SNOWLINE_TEST_CLUSTER";

/** Builds the project's image and starts a cluster that has it, for the tests in test/e2e/cluster. */
export async function clusterForTests(say: (line: string) => void): Promise<ClusterForTests> {
  say("building the project's image and starting a cluster: half a minute, the first time some minutes");
  const [built] = await projectImages(["snowline"], say);
  const cluster = await startCluster({ images: [built!.archive], say });
  say(`the cluster is ready after ${cluster.startSeconds.toFixed(1)} s`);
  const given: Given = { cluster: cluster.cluster, image: built!.name };
  return {
    enterNetwork: cluster.cluster.enterNetwork,
    environment: { [variable]: JSON.stringify(given) },
    [Symbol.asyncDispose]: cluster.stop,
  };
}

/** The address at which pods reach what the tests start; undefined outside a run on a cluster. */
export function givenHostAddress(): string | undefined {
  return given()?.cluster.hostAddress;
}

/** The run's one cluster. Use namespaces of your own. Throws outside of `npm test`, which starts it. */
export async function givenCluster(): Promise<GivenCluster> {
  const found = given();
  if (found === undefined) throw new Error("cluster: none is given; run these tests by `npm test -- test/e2e/cluster`");
  return { ...(await clusterAccess(found.cluster)), image: found.image };
}

function given(): Given | undefined {
  const text = process.env[variable];
  return text === undefined ? undefined : (JSON.parse(text) as Given);
}
