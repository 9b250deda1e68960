import type { CompileMessage, CompileRequest, Verdict } from "./compile-message.ts";
import { openJudge } from "./judge.ts";

/** A program: compiles what its parent sends, one request at a time, and ends with its parent. */

/** Memory of this process; beyond it, it ends. Some 180 MB are its own, and compiling rarely takes 20 MB. */
const rssBytesMax = 384 * 1024 * 1024;
/** How often memory is looked at, in milliseconds: DuckDB's binder fills some 100 MB in that time. */
const lookEveryMs = 50;

function send(message: CompileMessage, sent: () => void = () => {}): void {
  // A parent that is gone needs no answer.
  if (process.connected) process.send!(message, undefined, undefined, sent);
}

/** At once, whatever a thread of DuckDB is at: an ordinary exit would wait for it. */
const end = (): void => void process.kill(process.pid, "SIGKILL");

// A terminal sends its signals to the parent as well, which ends this process when it is done with it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
process.on("disconnect", end);
const judge = await openJudge();
process.on("message", (request: CompileRequest) => {
  const began = performance.now();
  const answer = (verdict: Verdict): void => {
    send({ kind: "verdict", verdict, spent: performance.now() - began >= request.compileMsMax });
  };
  judge(request).then(answer, end);
});
const look = setInterval(() => {
  if (process.memoryUsage.rss() <= rssBytesMax) return;
  clearInterval(look);
  send({ kind: "memory" }, end);
}, lookEveryMs);
send({ kind: "ready" });
