import { copyStatements } from "../copy/copy-statements.ts";
import { warehouseStatements } from "../meter/warehouse-statements.ts";
import { pipeStatements } from "../pipes/pipe-statements.ts";
import { integrationStatements } from "../sign-in/integration-statements.ts";
import { userStatements } from "../sign-in/user-statements.ts";
import { fileStatements } from "../stages/file-statements.ts";
import { formatStatements } from "../stages/format-statements.ts";
import { stageStatements } from "../stages/stage-statements.ts";
import { alterTableStatement } from "./alter-table.ts";
import { commentStatements } from "./comment-statement.ts";
import { createTableStatements } from "./create-table.ts";
import { databaseStatements } from "./database-statements.ts";
import { describeStatements } from "./describe-statement.ts";
import { deleteStatement, truncateStatement } from "./delete-statement.ts";
import { dropTableStatements } from "./drop-table.ts";
import { grantStatements } from "./grant-statements.ts";
import { insertStatement } from "./insert-statement.ts";
import { mergeStatement } from "./merge-statement.ts";
import { queryStatements } from "./query-statement.ts";
import { roleStatements } from "./role-statements.ts";
import { sessionStatements } from "./session-statements.ts";
import { showAccountStatements } from "./show-account.ts";
import { showObjectStatements } from "./show-objects.ts";
import type { StatementKind } from "./statement.ts";
import { transactionStatements } from "./transaction-statements.ts";
import { updateStatement } from "./update-statement.ts";
import { viewStatements } from "./view-statements.ts";

/** Every kind of statement there is. One that is not here is a syntax error. */
export const statementKinds: readonly StatementKind[] = [
  alterTableStatement,
  ...commentStatements,
  ...copyStatements,
  ...createTableStatements,
  ...databaseStatements,
  deleteStatement,
  ...describeStatements,
  ...dropTableStatements,
  ...fileStatements,
  ...formatStatements,
  ...grantStatements,
  insertStatement,
  ...integrationStatements,
  mergeStatement,
  ...pipeStatements,
  ...queryStatements,
  ...roleStatements,
  ...sessionStatements,
  ...showAccountStatements,
  ...showObjectStatements,
  ...stageStatements,
  ...transactionStatements,
  truncateStatement,
  updateStatement,
  ...userStatements,
  ...viewStatements,
  ...warehouseStatements,
];
