import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildGoProgram } from "../cache/go-program.ts";

const run = promisify(execFile);
const module = join(import.meta.dirname, "keda");

/** KEDA's operator, built once from its Go modules. Throws a sentence with the fix where it cannot be. */
export function kedaOperator(say: (line: string) => void): Promise<string> {
  return buildGoProgram(
    { name: "keda-operator", module, package: "github.com/kedacore/keda/v2/cmd/operator", takes: "9 minutes on 2 cores" },
    say,
  );
}

/** KEDA's metrics server, likewise: autoscalers read through it what the operator measures. */
export function kedaMetricsServer(say: (line: string) => void): Promise<string> {
  const path = "github.com/kedacore/keda/v2/cmd/adapter";
  return buildGoProgram({ name: "keda-adapter", module, package: path, takes: "a minute after its operator" }, say);
}

/** Paths of KEDA's definitions, for kubectl. */
export async function kedaDefinitions(): Promise<readonly string[]> {
  const directory = join(await kedaDirectory(), "config", "crd", "bases");
  return (await readdir(directory)).filter((name) => name.endsWith(".yaml")).map((name) => join(directory, name));
}

/** Text of a file of KEDA's `config`, such as `rbac/role.yaml`. */
export async function kedaConfiguration(file: string): Promise<string> {
  return readFile(join(await kedaDirectory(), "config", file), "utf8");
}

async function kedaDirectory(): Promise<string> {
  const { stdout } = await run("go", ["list", "-m", "-f", "{{.Dir}}", "github.com/kedacore/keda/v2"], { cwd: module });
  return stdout.trim();
}
