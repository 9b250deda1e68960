import { expect, test } from "vitest";
import { selection } from "../../development/selection.ts";

const files = ["test/tidy.test.ts", "test/e2e/exactly-once/kill.test.ts", "test/e2e/cluster/node.test.ts"];

test.each([
  ["nothing named", [], { here: [], onCluster: [], kubernetes: true }],
  ["a file of this machine", ["test/tidy.test.ts"], { here: ["test/tidy.test.ts"], onCluster: null, kubernetes: false }],
  ["a file of the cluster", ["e2e/cluster/node"], { here: null, onCluster: ["e2e/cluster/node"], kubernetes: true }],
  ["a folder of both", ["test/e2e"], { here: ["test/e2e"], onCluster: ["test/e2e"], kubernetes: true }],
  ["one of each", ["tidy", "cluster"], { here: ["tidy"], onCluster: ["cluster"], kubernetes: true }],
  ["an option and its value", ["-t", "a name"], { here: ["-t", "a name"], onCluster: ["-t", "a name"], kubernetes: true }],
  ["an option beside a path", ["tidy", "-t", "a name"], { here: ["-t", "a name", "tidy"], onCluster: null, kubernetes: false }],
])("%s", (_, args, expected) => {
  expect(selection(args, files)).toEqual(expected);
});
