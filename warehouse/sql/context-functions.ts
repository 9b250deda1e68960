import { literal } from "../engine/physical-name.ts";
import type { Template } from "./template.ts";

const textOrNull = (text: string | null) => (text === null ? "CAST(NULL AS VARCHAR)" : literal(text));
const instant = (ms: number) => `TIMESTAMPTZ ${literal(new Date(ms).toISOString())}`;
const wallClock = (ms: number) => `TIMESTAMP ${literal(new Date(ms).toISOString().replace("Z", ""))}`;

const now: Template = ({ rewriting }) => instant(rewriting.scope.account.now());
const nowUtc: Template = ({ rewriting }) => wallClock(rewriting.scope.account.now());

/** Functions that answer something of the session or the time. They are one value for the whole statement. */
export const contextFunctions: Readonly<Record<string, Template>> = {
  CURRENT_DATABASE: ({ rewriting }) => textOrNull(rewriting.scope.session.database),
  CURRENT_SCHEMA: ({ rewriting }) => textOrNull(rewriting.scope.session.schema),
  CURRENT_SCHEMAS: ({ rewriting }) => {
    const { database, schema } = rewriting.scope.session;
    return literal(database === null || schema === null ? "[]" : JSON.stringify([`${database}.${schema}`]));
  },
  CURRENT_ROLE: ({ rewriting }) => literal(rewriting.scope.session.role),
  CURRENT_SECONDARY_ROLES: () => literal('{"roles":"","value":""}'),
  CURRENT_USER: ({ rewriting }) => literal(rewriting.scope.session.user),
  CURRENT_WAREHOUSE: ({ rewriting }) => textOrNull(rewriting.scope.session.warehouse),
  CURRENT_SESSION: ({ rewriting }) => literal(String(rewriting.scope.session.id)),
  CURRENT_ACCOUNT: ({ rewriting }) => literal(rewriting.scope.account.name.split("-").at(-1)!),
  CURRENT_ACCOUNT_NAME: ({ rewriting }) => literal(rewriting.scope.account.name.split("-").at(-1)!),
  CURRENT_ORGANIZATION_NAME: ({ rewriting }) => literal(rewriting.scope.account.name.split("-")[0]!),
  CURRENT_REGION: () => literal("SNOWLINE_LOCAL"),
  CURRENT_CLIENT: () => "CAST(NULL AS VARCHAR)",
  CURRENT_VERSION: () => literal("9.0.0"),
  CURRENT_TRANSACTION: ({ rewriting }) => textOrNull(rewriting.scope.session.transaction.id?.toString() ?? null),
  CURRENT_STATEMENT: () => "CAST(NULL AS VARCHAR)",
  CURRENT_TIMESTAMP: now,
  LOCALTIMESTAMP: now,
  GETDATE: now,
  SYSTIMESTAMP: now,
  SYSDATE: nowUtc,
  CURRENT_DATE: (call) => `CAST(${nowUtc(call)} AS DATE)`,
  CURRENT_TIME: (call) => `CAST(${nowUtc(call)} AS TIME)`,
  LOCALTIME: (call) => `CAST(${nowUtc(call)} AS TIME)`,
};
