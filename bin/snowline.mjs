#!/usr/bin/env node
// Runs cli/main.ts, which needs Node 24 (it strips the types itself). On an older Node the checkout's own Node takes over.
import nodeModule from "node:module";
import { fileURLToPath } from "node:url";

const nodeMajorMin = 24;

if (Number(process.versions.node.split(".")[0]) >= nodeMajorMin) {
  // Half of a start is compiling; the cache lies in the system's temporary directory.
  nodeModule.enableCompileCache?.();
  await import("../cli/main.ts");
} else {
  const { become, setUp } = await import("../development/set-up.mjs");
  become(setUp(), [fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
}
