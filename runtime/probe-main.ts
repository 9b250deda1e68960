import { parseArgs } from "node:util";
import { probeDeadlineMs } from "./probe/probe-message.ts";
import { runProbe } from "./probe/run-probe.ts";

const { values } = parseArgs({ options: { "deadline-seconds": { type: "string", default: String(probeDeadlineMs / 1000) } } });

// Who asked is gone.
process.stdout.on("error", () => process.exit(0));
await runProbe({
  input: process.stdin,
  answer: (answer) => void process.stdout.write(`${JSON.stringify(answer)}\n`),
  now: () => Date.now(),
  deadlineMs: Number(values["deadline-seconds"]) * 1000,
});
process.stdout.end(() => process.exit(0));
