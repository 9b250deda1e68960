import { connectionName } from "../connection-name.ts";
import { mode, schemaEvolution } from "../table-rules.ts";
import {
  boolean,
  checked,
  choice,
  exactlyOne,
  integer,
  object,
  oneOf,
  optional,
  quantity,
  type Static,
  string,
  withDefault,
} from "../schema.ts";
import { secretReference } from "../secret-reference.ts";
import { httpUrl } from "../url.ts";

const identifier = (what: string) =>
  string(`${what}. As in SQL: without double quotes it is read in upper case, with them as it is written (\`'"Orders"'\`).`, {
    maxLength: 255,
    matches: {
      pattern: '^([A-Za-z_][A-Za-z0-9_$]*|"([^"]|"")+")$',
      message:
        'must be an identifier: letters, digits, underscores and dollars, not beginning with a digit; or any text in double quotes, such as "my table"',
    },
  });

const auth = oneOf("How to sign in. A credential is read again for every new session, so that a rotated one is seen.", {
  keyPair: object("Key pair: RS256 JSON web tokens signed with the user's private key.", {
    privateKeyFrom: secretReference("The private key in PEM (PKCS#8, encrypted or not)"),
    passphraseFrom: optional(secretReference("Passphrase of an encrypted private key")),
  }),
  oauth: object("OAuth 2.0 client credentials (RFC 6749, 4.4) of an External OAuth integration.", {
    tokenUrl: httpUrl("Token endpoint."),
    clientIdFrom: secretReference("The client id"),
    clientSecretFrom: secretReference("The client secret"),
    scope: optional(string("Space-separated scopes, such as `session:role:LOADER`.", { minLength: 1, maxLength: 1000 })),
  }),
  token: object("A programmatic access token.", { tokenFrom: secretReference("The token") }),
  workloadIdentity: object(
    "Workload identity (OIDC): the pod's projected service-account token. No secret is stored. Not with `load.streaming`.",
    {
      tokenPath: withDefault(
        string("Absolute path of the projected token (audience snowflakecomputing.com).", { minLength: 1, maxLength: 4096 }),
        "/var/run/secrets/snowflake/token",
      ),
    },
  ),
});

export const snowflakeConnection = object(
  "A Snowflake account.",
  {
    account: optional(
      string("Account identifier, `<organization>-<account>`.", {
        maxLength: 255,
        matches: {
          pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]*$",
          message: "must be an account identifier, such as myorg-myaccount; use url for a whole address",
        },
      }),
    ),
    url: optional(
      httpUrl(
        "Address of the account where it is not `https://<account>.snowflakecomputing.com`: a private link, a test server.",
      ),
    ),
    user: optional(
      string("User to sign in as. Workload identity has none: the token names it.", { minLength: 1, maxLength: 255 }),
    ),
    role: optional(identifier("Role to use. Without it the user's default role")),
    warehouse: optional(identifier("Virtual warehouse that runs the statements. Without it the user's default warehouse")),
    auth,
  },
  [
    exactlyOne(["account", "url"]),
    {
      rule: "has(self.user) != has(self.auth.workloadIdentity)",
      message: "set user, except with auth.workloadIdentity, whose token names the user",
    },
  ],
);
export type SnowflakeConnection = Static<typeof snowflakeConnection>;

const everySeconds = (byDefault: number) =>
  withDefault(integer("Seconds since the batch's first record.", { minimum: 1, maximum: 3600 }), byDefault);
const upToRows = (byDefault: number) => withDefault(integer("Records.", { minimum: 1, maximum: 10_000_000 }), byDefault);
const upToBytes = (byDefault: string) =>
  withDefault(quantity("Bytes of records, uncompressed; as far as the pod's memory allows."), byDefault);

const copyLoad = object(
  "PUT to a stage, then COPY (and MERGE to upsert) and the positions in one transaction. Needs a warehouse; a batch is loaded at whichever bound it meets first.",
  { everySeconds: everySeconds(30), upToBytes: upToBytes("128Mi"), upToRows: upToRows(2_000_000) },
);
const streamingLoad = object(
  "Snowpipe Streaming: rows are there after some seconds, billed by volume, append only. A batch is sent at whichever bound it meets first.",
  {
    everySeconds: everySeconds(1),
    upToBytes: upToBytes("16Mi"),
    upToRows: upToRows(500_000),
    pipe: optional(identifier("Pipe to stream through. Default: the table's own, `<table>-STREAMING`")),
    onRejectedRows: withDefault(
      choice(
        "What to do when Snowflake rejects rows after it took them: `stop` the pipeline, or send their records to the `deadLetter` (needs ERROR_LOGGING on the table).",
        "stop",
        "deadLetter",
      ),
      "stop",
    ),
  },
);
const snowpipeLoad = object(
  "Snowpipe: files in a stage, loaded by a pipe without a warehouse of yours; minutes of delay, append only.",
  {
    everySeconds: everySeconds(60),
    upToBytes: upToBytes("128Mi"),
    upToRows: upToRows(2_000_000),
    stage: optional(
      checked(
        string(
          "Stage of yours that the pipe reads, such as an external one: `[<database>.][<schema>.]<stage>`. Default: an internal stage that is created.",
          {
            minLength: 1,
            maxLength: 767,
          },
        ),
        {
          rule: `self.matches(r'^(([A-Za-z_][A-Za-z0-9_$]*|"([^"]|"")+")[.]){0,2}([A-Za-z_][A-Za-z0-9_$]*|"([^"]|"")+")$')`,
          message: "must be a stage's name, such as LAKE or RAW.PUBLIC.LAKE",
        },
      ),
    ),
    pipe: optional(identifier("Pipe. Default: one that is created")),
    autoIngest: withDefault(
      boolean("The cloud's notifications start the pipe (an external `stage` only); false: Snowline calls insertFiles."),
      false,
    ),
  },
  [
    {
      rule: "!self.autoIngest || has(self.stage)",
      message: "autoIngest needs a stage of yours: set stage to an external stage, or autoIngest to false",
    },
  ],
);

const load = withDefault(oneOf("How rows are loaded.", { copy: copyLoad, streaming: streamingLoad, snowpipe: snowpipeLoad }), {
  copy: { everySeconds: 30, upToBytes: "128Mi", upToRows: 2_000_000 },
});

export const snowflakeSink = object(
  "A table in Snowflake.",
  {
    connection: connectionName("snowflake"),
    database: identifier("Database"),
    schema: withDefault(identifier("Schema"), "PUBLIC"),
    table: identifier("Table. It is created if absent, from the columns of the SQL"),
    stateSchema: optional(
      identifier(
        "Schema of the same database for what Snowline keeps: the positions table, the stage, the pipe. Default: the table's schema",
      ),
    ),
    load,
    mode,
    schemaEvolution,
  },
  [
    {
      rule: "!has(self.mode.upsert) || has(self.load.copy)",
      message: "load.streaming and load.snowpipe only append: set load to copy to upsert, or mode to append",
    },
  ],
);
export type SnowflakeSink = Static<typeof snowflakeSink>;
