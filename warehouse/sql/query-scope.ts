import type { Account } from "../account.ts";
import type { Session } from "../session.ts";
import type { Bind } from "../statements/statement.ts";

/** In what surroundings a statement's SQL is read. */
export interface QueryScope {
  readonly account: Account;
  readonly session: Session;
  readonly binds: readonly Bind[];
  readonly queryId: string;
  /**
   * What stands in FROM for a stage (`@stage/path (FILE_FORMAT => …)`): a DuckDB relation, such as a subquery in parentheses, with
   * columns "$1", "$2", …, METADATA$FILENAME, … Without it a stage is refused.
   */
  readonly stage?: (reference: StageReference) => string;
}

/** A stage in FROM, with its parameters: names in upper case, values as they are written (texts without their quotes). */
export interface StageReference {
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
}
