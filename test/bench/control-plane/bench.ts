// npm run bench:operator [-- --pipelines 1000,5000 --only snowline]: what the operator costs in time, requests and memory, beside
// the least that a Go controller can do and beside KEDA; on a real API server whose nodes KWOK plays, in turn, each on its own.
import { parseArgs } from "node:util";
import { type Contestant, contestants } from "./contestants.ts";
import { measureContestant, type Measurement } from "./measure-contestant.ts";

const say = (line: string): void => console.log(line);

const columns: readonly { readonly title: string; cell(measured: Measurement): string }[] = [
  { title: "", cell: ({ contestant }) => contestant },
  { title: "objects", cell: ({ count }) => String(count) },
  { title: "all made, s", cell: ({ madeSeconds }) => madeSeconds.toFixed(1) },
  { title: "settled, s", cell: ({ settledSeconds }) => settledSeconds?.toFixed(1) ?? "never" },
  { title: "requests each", cell: ({ requestsEach }) => requestsEach.toFixed(1) },
  { title: "looks each", cell: ({ looksEach }) => looksEach.toFixed(1) },
  { title: "reconcile p50, ms", cell: ({ p50Ms }) => p50Ms.toFixed(1) },
  { title: "p99, ms", cell: ({ p99Ms }) => p99Ms.toFixed(0) },
  { title: "CPU, s", cell: ({ cpuSeconds }) => cpuSeconds.toFixed(1) },
  { title: "memory, MB", cell: ({ peakBytes }) => (peakBytes / 1e6).toFixed(0) },
  { title: "idle requests/s", cell: ({ idleRequestsPerSecond }) => idleRequestsPerSecond.toFixed(2) },
  { title: "restart, s", cell: ({ restartSeconds }) => restartSeconds?.toFixed(1) ?? "never" },
  { title: "writes after it", cell: ({ restartWrites }) => String(restartWrites) },
];

function table(measured: readonly Measurement[]): string {
  const rows = [
    columns.map(({ title }) => title),
    columns.map(() => "---"),
    ...measured.map((one) => columns.map(({ cell }) => cell(one))),
  ];
  return rows.map((row) => `| ${row.join(" | ")} |`).join("\n");
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { pipelines: { type: "string", default: "1000,5000" }, only: { type: "string", default: "" } },
  });
  const counts = values.pipelines.split(",").map(Number);
  if (counts.some((count) => !Number.isInteger(count) || count < 1))
    throw new Error(`--pipelines ${values.pipelines}: must be whole numbers above 0, separated by commas`);
  const taking: readonly Contestant[] = contestants.filter(({ name }) => name.includes(values.only));
  if (taking.length === 0)
    throw new Error(`--only ${values.only}: nobody is called so; there are ${contestants.map(({ name }) => name).join(", ")}`);
  const measured: Measurement[] = [];
  const failed: string[] = [];
  for (const count of counts)
    for (const contestant of taking) {
      say(`${contestant.name}: ${count} objects`);
      // What one takes is known though another ends before its time.
      try {
        measured.push(await measureContestant(contestant, count, say));
        say(table(measured.slice(-1)));
      } catch (error) {
        failed.push(`${contestant.name} with ${count} objects: ${error instanceof Error ? error.message : String(error)}`);
        say(failed.at(-1)!);
      }
    }
  say(`\n${[table(measured), ...failed].join("\n")}`);
  if (failed.length > 0) process.exitCode = 1;
}

// So that what was started ends with us.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
await main();
