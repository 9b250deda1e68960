import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cachedDirectory } from "./cached-directory.ts";

const execute = promisify(execFile);

/** A program that is built from Go modules. */
export interface GoProgram {
  readonly name: string;
  /** Directory with go.mod and go.sum. */
  readonly module: string;
  /** Import path, or "." for the module's own main.go. */
  readonly package: string;
  /** What building it takes on two cores, in words. */
  readonly takes: string;
}

/**
 * The path of the program, built once from the Go modules that its go.mod fixes and kept outside the tree. Needs Go; throws a
 * sentence that says so.
 */
export async function buildGoProgram(program: GoProgram, say: (line: string) => void): Promise<string> {
  const hash = createHash("sha256").update(program.package);
  const files = ["go.mod", "go.sum", ...(program.package === "." ? ["main.go"] : [])];
  for (const file of files) hash.update(await readFile(join(program.module, file)));
  const directory = await cachedDirectory(`${program.name}-${hash.digest("hex").slice(0, 12)}`, async (partial) => {
    say(`building ${program.name} from its Go modules (${program.takes}, once)`);
    await build(program, join(partial, program.name));
  });
  return join(directory, program.name);
}

async function build({ name, module, package: path }: GoProgram, output: string): Promise<void> {
  try {
    const flags = ["-mod=readonly", "-trimpath", "-ldflags", "-s -w", "-o", output];
    await execute("go", ["build", ...flags, path], { cwd: module, env: { ...process.env, CGO_ENABLED: "0" } });
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const fix = missing ? "install Go 1.26 or newer (https://go.dev/dl), or leave it out with --only" : (cause as Error).message;
    throw new Error(`${name}: cannot be built: ${fix}`, { cause });
  }
}
