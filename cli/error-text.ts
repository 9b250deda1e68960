import { NotConnected, Terminal } from "../runtime/component/errors.ts";
import { StatementRefused } from "../runtime/snowflake/errors.ts";
import { CommandError, exitCode, type ExitCode } from "./shell.ts";

/** What to write about an error, and how to exit: a sentence for the user; with `stack` the stack and its causes too. */
export function errorText(error: unknown, stack: boolean): { readonly text: string; readonly exitCode: ExitCode } {
  const code = error instanceof CommandError ? error.exitCode : exitCode.failed;
  const subject = error instanceof CommandError ? error.subject : "snowline: ";
  if (!(error instanceof Error)) return { text: `${subject}${String(error)}`, exitCode: code };
  if (stack) return { text: stackText(error), exitCode: code };
  const foreseen = [CommandError, Terminal, NotConnected, StatementRefused].some((kind) => error instanceof kind);
  return {
    text: `${subject}${error.message}${foreseen ? "" : "\n(--log-level debug shows where this came from)"}`,
    exitCode: code,
  };
}

/** Causes of causes that are shown. */
const causesMax = 5;

function stackText(error: Error): string {
  const lines = [error.stack ?? error.message];
  let cause = error.cause;
  for (let depth = 0; depth < causesMax && cause instanceof Error; depth++) {
    lines.push(`caused by ${cause.stack ?? cause.message}`);
    cause = cause.cause;
  }
  return lines.join("\n");
}
