import { describe, expect, it } from "vitest";
import { snowline } from "./captured-shell.ts";

describe("snowline", () => {
  it("teaches with its help: every command has a paragraph and examples", async () => {
    const overview = await snowline(["--help"]);
    expect(overview).toMatchObject({ code: 0, stderr: "" });
    const commands = ["validate", "plan", "test", "run", "replay", "warehouse"];
    for (const command of commands) {
      expect(overview.stdout).toMatch(new RegExp(`^  ${command} `, "m"));
      const { code, stdout } = await snowline([command, "--help"]);
      expect(code).toBe(0);
      expect(stdout).toContain("Examples:\n");
      expect(stdout).toContain(`$ snowline ${command} `);
    }
  });

  it("says its version", async () => {
    expect(await snowline(["--version"])).toEqual({ code: 0, stdout: "1.2.3\n", stderr: "" });
  });

  it.each([
    [[], "Usage: snowline"],
    [["vaildate"], "error: unknown command 'vaildate'\n(Did you mean validate?)"],
    [["validate"], "error: missing required argument 'file'"],
    [["validate", "x.yaml", "--output", "xml"], "Allowed choices are text, json"],
    [["run", "x.yaml", "--http-port", "99999"], "a port is 0 to 65535; 0 takes a free one"],
    [["run", "x.yaml", "--untill-caught-up"], "(Did you mean --until-caught-up?)"],
  ])("exits with 2 on the command line %j", async (args, message) => {
    const { code, stdout, stderr } = await snowline(args);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(message);
  });
});
