import { describe, expect, it } from "vitest";
import type { SnowflakeSink } from "../../../../crds/connectors/snowflake.ts";
import { type Granted, missingOf } from "../../../../runtime/sinks/snowflake/granted.ts";
import { grantText, privilegesOf, stageParts } from "../../../../runtime/sinks/snowflake/privileges.ts";

const everySeconds = { everySeconds: 1, upToBytes: "1Mi", upToRows: 1 };
const spec: SnowflakeSink = {
  connection: "warehouse",
  database: "analytics",
  schema: "PUBLIC",
  table: '"Orders"',
  load: { copy: everySeconds },
  mode: { append: {} },
  schemaEvolution: "none",
};
const grants = (sink: SnowflakeSink): string[] =>
  privilegesOf(sink, "LOAD_XS").map((privilege) => grantText(privilege, "LOADER"));

describe("what a pipeline's role needs", () => {
  it("to append with COPY, each once", () => {
    expect(grants(spec)).toEqual([
      "GRANT USAGE ON WAREHOUSE LOAD_XS TO ROLE LOADER",
      "GRANT USAGE ON DATABASE ANALYTICS TO ROLE LOADER",
      "GRANT USAGE ON SCHEMA ANALYTICS.PUBLIC TO ROLE LOADER",
      "GRANT CREATE TABLE ON SCHEMA ANALYTICS.PUBLIC TO ROLE LOADER",
      "GRANT CREATE STAGE ON SCHEMA ANALYTICS.PUBLIC TO ROLE LOADER",
      'GRANT SELECT ON TABLE ANALYTICS.PUBLIC."Orders" TO ROLE LOADER',
      'GRANT INSERT ON TABLE ANALYTICS.PUBLIC."Orders" TO ROLE LOADER',
    ]);
  });

  it.each<[string, Partial<SnowflakeSink>, string[], string[]]>([
    ["an upsert", { mode: { upsert: { key: ["id"] } } }, ["GRANT UPDATE ON TABLE"], ["GRANT DELETE"]],
    [
      "an upsert that removes",
      { mode: { upsert: { key: ["id"], deleteWhen: "gone" } } },
      ["GRANT UPDATE ON TABLE", "GRANT DELETE ON TABLE"],
      [],
    ],
    [
      "streaming",
      { load: { streaming: { ...everySeconds, onRejectedRows: "stop" } } },
      ["GRANT INSERT ON TABLE"],
      ["STAGE", "PIPE"],
    ],
    [
      "streaming with dead letters",
      { load: { streaming: { ...everySeconds, onRejectedRows: "deadLetter" } } },
      ["GRANT SELECT ERROR TABLE ON TABLE"],
      [],
    ],
    [
      "Snowpipe",
      { load: { snowpipe: { ...everySeconds, autoIngest: false } } },
      ["GRANT CREATE PIPE ON SCHEMA", "GRANT CREATE STAGE ON SCHEMA"],
      ["OPERATE"],
    ],
    [
      "a pipe of one's own",
      { load: { snowpipe: { ...everySeconds, autoIngest: false, pipe: "p" } }, stateSchema: "own" },
      ["GRANT OPERATE ON PIPE ANALYTICS.OWN.P TO", "GRANT MONITOR ON PIPE ANALYTICS.OWN.P TO"],
      ["CREATE PIPE"],
    ],
    ["schema evolution", { schemaEvolution: "addColumns" }, ["GRANT OWNERSHIP ON TABLE"], []],
    [
      "a schema for the state",
      { stateSchema: "own" },
      ["CREATE TABLE ON SCHEMA ANALYTICS.OWN TO", "CREATE STAGE ON SCHEMA ANALYTICS.OWN TO"],
      ["CREATE STAGE ON SCHEMA ANALYTICS.PUBLIC"],
    ],
  ])("for %s", (_name, more, there, absent) => {
    const text = grants({ ...spec, ...more }).join("\n");
    for (const part of there) expect(text).toContain(part);
    for (const part of absent) expect(text).not.toContain(part);
  });

  it("keeps the grants of others where it takes a table over", () => {
    expect(grants({ ...spec, schemaEvolution: "widen" }).at(-1)).toBe(
      'GRANT OWNERSHIP ON TABLE ANALYTICS.PUBLIC."Orders" TO ROLE LOADER COPY CURRENT GRANTS',
    );
  });
});

describe("a stage's name", () => {
  it.each([
    ["lake", ["ANALYTICS", "OWN", "LAKE"]],
    ["raw.lake", ["ANALYTICS", "RAW", "LAKE"]],
    ['other."ra.w"."la""ke"', ["OTHER", "ra.w", 'la"ke']],
  ])("%s is completed", (stage, parts) => {
    expect(stageParts(stage, { ...spec, stateSchema: "own" })).toEqual(parts);
  });
});

describe("what is missing", () => {
  const needed = privilegesOf(spec, "LOAD_XS");
  const granted = (privilege: string, on: string, ...name: string[]): Granted => ({ privilege, on, name });
  const missing = (...has: Granted[]): string[] => missingOf(needed, has).map(({ privilege, on }) => `${privilege} ${on}`);

  it("is all of it for a role without grants", () => {
    expect(missing()).toHaveLength(needed.length);
  });

  it("is not what is granted, nor anything on what the role owns", () => {
    expect(
      missing(
        granted("USAGE", "WAREHOUSE", "LOAD_XS"),
        granted("OWNERSHIP", "SCHEMA", "ANALYTICS", "PUBLIC"),
        granted("OWNERSHIP", "TABLE", "ANALYTICS", "PUBLIC", "Orders"),
      ),
    ).toEqual(["USAGE DATABASE"]);
  });

  it("is what is granted on another object of the same name, or on one of another kind", () => {
    expect(
      missing(
        granted("INSERT", "TABLE", "ANALYTICS", "PUBLIC", "ORDERS"),
        granted("INSERT", "VIEW", "ANALYTICS", "PUBLIC", "Orders"),
        granted("OWNERSHIP", "DATABASE", "ANALYTICS"),
      ),
    ).toContain("INSERT TABLE");
  });
});
