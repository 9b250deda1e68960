import { defineConfig } from "vitest/config";

const nodeMajorMin = 24;
if (Number(process.versions.node.split(".")[0]) < nodeMajorMin)
  throw new Error(
    `Node ${process.versions.node} is too old for the tests: use npm test -- FILE, or put node_modules/.bin first in PATH`,
  );

export default defineConfig({
  test: {
    // Tests start real processes and databases: one worker per core of a small machine, each file in a process of its own.
    pool: "forks",
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: "test",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/cluster/**"],
          globalSetup: ["test/kafka/global-setup.ts", "test/cluster/global-setup.ts"],
          testTimeout: 30_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          // On a cluster, which npm test starts, and within its network: the global setup's broker is reached by pods.
          name: "cluster",
          include: ["test/e2e/cluster/**/*.test.ts"],
          globalSetup: ["test/kafka/global-setup.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: "soak",
          include: ["test/soak/**/*.soak.ts"],
          exclude: ["test/soak/cluster/**"],
          globalSetup: ["test/kafka/global-setup.ts"],
          testTimeout: 3_600_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          // On a cluster, which npm run soak:cluster starts.
          name: "cluster-soak",
          include: ["test/soak/cluster/**/*.soak.ts"],
          globalSetup: ["test/kafka/global-setup.ts"],
          testTimeout: 900_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
