/** Where a command writes text. `columns` is the width of the terminal; undefined where it is none. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** What a command may touch of the world outside. main.ts makes the real one. */
export interface Shell {
  /** Results: what the user asked for. */
  readonly stdout: Output;
  /** Progress, logs and errors. */
  readonly stderr: Output;
  /** The whole of standard input. */
  stdin(): Promise<string>;
  /** Variables of the process. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Directory that paths on the command line start at. */
  readonly directory: string;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back at each SIGINT and SIGTERM until it is disposed. */
  onSignal(handle: (signal: "SIGINT" | "SIGTERM") => void): Disposable;
  /** Whether colours were asked for or refused; undefined leaves it to `isTTY`. */
  readonly colour: boolean | undefined;
}

/** How a command ended, for the process. */
export const exitCode = {
  ok: 0,
  /** Problems were found, a case failed, or the pipeline stopped on an error. */
  failed: 1,
  /** The command line made no sense. */
  usage: 2,
} as const;
/** One of the exit codes. */
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** The user can act on `message`; it needs no stack trace. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: ExitCode;
  /** What stands before the message; empty where the message begins with a file and line, which terminals make a link of. */
  readonly subject: string;
  constructor(message: string, options?: ErrorOptions & { readonly exitCode?: ExitCode; readonly subject?: string }) {
    super(message, options);
    this.exitCode = options?.exitCode ?? exitCode.failed;
    this.subject = options?.subject ?? "snowline: ";
  }
}
