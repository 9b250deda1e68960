import { textLiteral } from "../../runtime/snowflake/identifiers.ts";
import { readableName } from "../../runtime/snowflake/readable-name.ts";
import { grantText, isSame, type Privilege } from "../../runtime/sinks/snowflake/privileges.ts";
import type { SignIn } from "./sign-in.ts";

/** What an account is to be set up for. Names are as Snowflake stores them. */
export interface SnowflakeSetup {
  readonly role: string;
  readonly warehouse: string;
  readonly user: string;
  readonly signIn: SignIn;
  readonly pipelines: readonly {
    readonly name: string;
    /** What it does, in a few words. */
    readonly does: string;
    readonly privileges: readonly Privilege[];
  }[];
}

/** Seconds without a statement after which the warehouse stops: the least there is any use in, as 60 s are billed at each start. */
const suspendSeconds = 60;
/** Days until a programmatic access token expires that is made with these statements. */
const tokenDays = 90;

/** SQL that makes role, warehouse and user, and grants what the pipelines need; with remarks. It can be run again. Pure. */
export function snowflakeSetup(setup: SnowflakeSetup): string {
  const { pipelines } = setup;
  const role = readableName(setup.role);
  const warehouse = readableName(setup.warehouse);
  const sections = [
    remark(
      "Sets up a Snowflake account for Snowline. Paste it into a worksheet. It can be run again.",
      "ACCOUNTADMIN may do all of it.",
    ),
    ["USE ROLE ACCOUNTADMIN;"],
    [
      "-- Role and warehouse",
      `CREATE ROLE IF NOT EXISTS ${role};`,
      `GRANT ROLE ${role} TO ROLE SYSADMIN;`,
      warehouseText(warehouse),
    ],
    placeLines(pipelines.flatMap(({ privileges }) => privileges)),
    ...grantSections(setup),
    ...(pipelines.length > 0
      ? []
      : [remark("Grants: run this again with the manifests of the pipelines, and it prints what they need.")]),
    userLines(setup),
    remark(
      "Where the account has a network policy, let the pods' addresses in, for this user alone:",
      "  CREATE NETWORK RULE … TYPE = IPV4 MODE = INGRESS VALUE_LIST = ('<address of the cluster's way out>/32');",
      `  CREATE NETWORK POLICY … ALLOWED_NETWORK_RULE_LIST = ('…'); ALTER USER ${readableName(setup.user)} SET NETWORK_POLICY = …;`,
    ),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

/** Remarks, each on one line whatever is in it: a name may hold a line break, and what follows would be a statement. */
const remark = (...texts: readonly string[]): string[] =>
  texts.map((text) => `-- ${text.replaceAll(/[\r\n\u2028\u2029]+/g, " ")}`);

const warehouseText = (warehouse: string): string =>
  `CREATE WAREHOUSE IF NOT EXISTS ${warehouse} WAREHOUSE_SIZE = XSMALL AUTO_SUSPEND = ${suspendSeconds} AUTO_RESUME = TRUE INITIALLY_SUSPENDED = TRUE;`;

/** Databases and schemas of the privileges, the former first. */
function placeLines(privileges: readonly Privilege[]): string[] {
  const made = (on: "DATABASE" | "SCHEMA"): string[] =>
    privileges
      .filter((privilege) => privilege.on === on)
      .map(({ name }) => `CREATE ${on} IF NOT EXISTS ${readableName(...name)};`);
  const lines = new Set([...made("DATABASE"), ...made("SCHEMA")]);
  return lines.size === 0 ? [] : ["-- Databases and schemas", ...lines];
}

function grantSections({ role, pipelines }: SnowflakeSetup): string[][] {
  const given: Privilege[] = [];
  return pipelines.map(({ name, does, privileges }) => {
    const fresh = privileges.filter((privilege) => !given.some((other) => isSame(privilege, other)));
    given.push(...fresh);
    const existing = fresh.filter(({ when }) => when === "existing");
    const lines = [
      ...remark(`Pipeline ${name}: ${does}`),
      ...fresh.filter(({ when }) => when === "always").map((privilege) => `${grantText(privilege, role)};`),
      ...(existing.length === 0 ? [] : remark("Only where the table is there already and another role owns it:")),
      ...existing.flatMap((privilege) => remark(`  ${grantText(privilege, role)};`)),
    ];
    return fresh.length > 0 ? lines : [...lines, ...remark("  needs nothing more")];
  });
}

function userLines(setup: SnowflakeSetup): string[] {
  const [user, role, warehouse] = [readableName(setup.user), readableName(setup.role), readableName(setup.warehouse)];
  return [
    "-- Service user",
    `CREATE USER IF NOT EXISTS ${user} TYPE = SERVICE DEFAULT_ROLE = ${role} DEFAULT_WAREHOUSE = ${warehouse};`,
    `GRANT ROLE ${role} TO USER ${user};`,
    ...signInLines(setup, user),
  ];
}

function signInLines({ signIn, role }: SnowflakeSetup, user: string): string[] {
  switch (signIn.kind) {
    case "keyPair":
      return signIn.publicKey === null
        ? keyAdvice(user)
        : [
            `ALTER USER ${user} SET RSA_PUBLIC_KEY = ${textLiteral(signIn.publicKey)};`,
            ...remark(
              `To rotate: ALTER USER ${user} SET RSA_PUBLIC_KEY_2 = '<new public key>'; put the new private key into the Secret; then UNSET RSA_PUBLIC_KEY.`,
            ),
          ];
    case "workloadIdentity": {
      const { issuer, subject } = signIn;
      return issuer === null || subject === null
        ? remark(
            "It signs in with the token of the pods' service account: run this again with --workload-identity <issuer>,<subject>.",
          )
        : [
            `ALTER USER ${user} SET WORKLOAD_IDENTITY = (TYPE = OIDC ISSUER = ${textLiteral(issuer)} SUBJECT = ${textLiteral(subject)});`,
          ];
    }
    case "token":
      return remark(
        "It signs in with a programmatic access token. This statement shows it once; a service user with one needs a network policy:",
        `  ALTER USER ${user} ADD PROGRAMMATIC ACCESS TOKEN SNOWLINE ROLE_RESTRICTION = ${textLiteral(role)} DAYS_TO_EXPIRY = ${tokenDays};`,
      );
    case "oauth":
      return remark(
        "It signs in with OAuth client credentials. The account needs a security integration of TYPE = EXTERNAL_OAUTH for the identity",
        "provider, and the claim that it maps to users has to be the LOGIN_NAME of this one.",
      );
    default:
      return signIn satisfies never;
  }
}

function keyAdvice(user: string): string[] {
  return remark(
    "It signs in with a key pair, and its public key is not there yet. Make one:",
    "  openssl genrsa 2048 | openssl pkcs8 -topk8 -nocrypt -out rsa_key.p8 && openssl rsa -in rsa_key.p8 -pubout -out rsa_key.pub",
    `and run this again with --key-file rsa_key.pub, or: ALTER USER ${user} SET RSA_PUBLIC_KEY = '<public key>';`,
  );
}
