import { spawn } from "node:child_process";
import { type ProbeAnswer, parseAnswer } from "./probe-answer.ts";

/** A running probe. It tells of its end once, whatever the reason; after that it is of no use. */
export interface ProbeProcess {
  readonly pid: number | undefined;
  /** Sends a question, a JSON object without its line's end. */
  send(line: string): void;
  /** SIGKILL: there is nothing to save. Resolves when it is gone. */
  kill(): Promise<void>;
}

/** Who hears of it. */
export interface ProbeListener {
  readonly onAnswer: (answer: ProbeAnswer) => void;
  /** `how`: by signal or exit code, or what it wrote that no probe writes. */
  readonly onEnd: (how: string) => void;
}

/** V8's heap of the process, in megabytes: some clusters' metadata and a few connections. */
const heapMegabytesMax = 192;
/** Longest line of an answer, in characters: it has four numbers or a sentence. */
const lineCharsMax = 65_536;

/**
 * Starts the program. It has no environment, and what it writes besides answers goes nowhere: secrets pass through it, and nothing of
 * the operator's is in its reach.
 */
export function startProbeProcess(program: string, { onAnswer, onEnd }: ProbeListener): ProbeProcess {
  const args = [`--max-old-space-size=${heapMegabytesMax}`, "--disable-warning=ExperimentalWarning", program];
  const child = spawn(process.execPath, args, { env: {}, stdio: ["pipe", "pipe", "ignore"] });
  const gone = Promise.withResolvers<void>();
  let ended = false;
  const end = (how: string): void => {
    if (ended) return;
    ended = true;
    child.kill("SIGKILL");
    onEnd(how);
  };
  child.on("error", ({ message }) => {
    end(message);
    gone.resolve();
  });
  child.on("exit", (code, signal) => {
    end(signal === null ? `exit code ${code}` : `signal ${signal}`);
    gone.resolve();
  });
  // Its end is told by `exit`.
  child.stdin.on("error", () => {});
  let rest = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (piece: string) => {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    const answers = lines.map(parseAnswer);
    if (rest.length > lineCharsMax || answers.includes(null)) end("an answer that is none");
    for (const answer of answers) if (answer !== null && !ended) onAnswer(answer);
  });
  return {
    pid: child.pid,
    send: (line) => void child.stdin.write(`${line}\n`),
    kill: async () => {
      ended = true;
      child.kill("SIGKILL");
      await gone.promise;
    },
  };
}
