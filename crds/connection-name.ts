import { string } from "./schema.ts";

/** Name of the Connection that a Pipeline uses; `system` is the member of the Connection's spec that has to be set. */
export const connectionName = (system: string) =>
  string(`Name of the Connection with \`${system}\`, of the same namespace.`, { minLength: 1, maxLength: 63 });
