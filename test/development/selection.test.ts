import { expect, test } from "vitest";
import { selection } from "../../development/selection.ts";

const files = ["test/tidy.test.ts", "test/e2e/exactly-once/kill.test.ts", "test/e2e/cluster/node.test.ts"];

test.each([
  ["nothing named", [], { here: [], onCluster: [] }],
  ["a file of this machine", ["test/tidy.test.ts"], { here: ["test/tidy.test.ts"], onCluster: null }],
  ["a file of the cluster", ["e2e/cluster/node"], { here: null, onCluster: ["e2e/cluster/node"] }],
  ["a folder of both", ["test/e2e"], { here: ["test/e2e"], onCluster: ["test/e2e"] }],
  ["one of each", ["tidy", "cluster"], { here: ["tidy"], onCluster: ["cluster"] }],
  ["an option and its value", ["-t", "a name"], { here: ["-t", "a name"], onCluster: ["-t", "a name"] }],
  ["an option beside a path", ["tidy", "-t", "a name"], { here: ["-t", "a name", "tidy"], onCluster: null }],
])("%s", (_, args, expected) => {
  expect(selection(args, files)).toEqual(expected);
});
