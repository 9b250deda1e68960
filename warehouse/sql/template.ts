import type { Rewriting } from "./rewriting.ts";

/** What a function's template gets: the arguments in DuckDB's SQL, and as they were. */
export interface TemplateCall {
  readonly args: readonly string[];
  /** The argument's text where it is a string literal; null where it is not, or there is none. */
  text(index: number): string | null;
  /** The argument as a text, whatever it is. */
  asText(index: number): string;
  readonly rewriting: Rewriting;
  readonly nodes: readonly unknown[];
}

/** DuckDB's SQL of a call. */
export type Template = (call: TemplateCall) => string;
