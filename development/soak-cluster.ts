// npm run soak:cluster [-- vitest arguments]: what takes long on a cluster, such as KEDA, which is built for it the first time.
import { clusterForTests } from "../test/cluster/cluster-for-tests.ts";
import { runProgram } from "./step.ts";

await using cluster = await clusterForTests((line) => console.log(`        ${line}`));
const { code } = await runProgram(
  "node_modules/vitest/vitest.mjs",
  ["run", "--project", "cluster-soak", ...process.argv.slice(2)],
  { shown: true, enter: cluster.enterNetwork, env: cluster.environment },
);
process.exitCode = code;
