/**
 * How long the process may take to end once the pod's work is done, in milliseconds: a connection that does not close must not keep it.
 * With closing less than the 5 s that the operator leaves between --grace-seconds and the pod's end.
 */
const exitMs = 1000;

// Before all else: a container's first process never hears a signal that came before it listened, and the rest takes a second to load.
const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
const { runPod } = await import("./run-pod.ts");
process.exitCode = await runPod(process.argv.slice(2), stop.signal, process.env);
setTimeout(() => process.exit(), exitMs).unref();
