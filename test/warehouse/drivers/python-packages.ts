import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheDirectory } from "../../cache/cached-directory.ts";
import { lock } from "../../cache/lock.ts";

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  /** What it wrote, both outputs, the last part. */
  readonly output: string;
}

/** Output that is kept, in characters: enough for a traceback and what came before. */
const outputCharactersMax = 20_000;
/** Python versions that the packages are made for. */
const version = "import sys; sys.exit(0 if sys.version_info >= (3, 10) else 1)";

/** Whether there is a Python that can have packages; else why not, in a line. */
export async function pythonLacks(): Promise<string | null> {
  const { code } = await run("python3", ["-c", `import venv, ensurepip; ${version}`]);
  return code === 0 ? null : "python3 (3.10 or newer, with venv) is not there: the tests with Python's drivers are left out";
}

/**
 * A Python with exactly these packages (`name==version`) and what they depend on, installed once, outside the tree. Answers the
 * directory of its programs. Throws with what pip said where they cannot be installed.
 */
export async function pythonPackages(packages: readonly string[]): Promise<string> {
  const digest = createHash("sha256").update(packages.join("\n")).digest("hex").slice(0, 16);
  const directory = cacheDirectory(`python-${digest}`);
  const done = join(directory, "installed");
  await mkdir(join(directory, ".."), { recursive: true });
  await using _lock = await lock(`${directory}.lock`);
  if (!(await exists(done))) {
    console.log(`installing ${packages.join(", ")}`);
    await rm(directory, { recursive: true, force: true });
    await must(await run("python3", ["-m", "venv", directory]));
    await must(
      await run(join(directory, "bin", "python"), [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        ...packages,
      ]),
    );
    await writeFile(done, packages.join("\n"));
  }
  return join(directory, "bin");
}

/** Runs a program to its end. */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  let output = "";
  const keep = (text: Buffer) => (output = (output + text.toString()).slice(-outputCharactersMax));
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  child.on("error", (error) => resolve({ code: null, output: error.message }));
  child.on("close", (code) => resolve({ code, output }));
  return promise;
}

async function must({ code, output }: Ended): Promise<void> {
  if (code !== 0) throw new Error(`python packages: they were not installed (exit ${code})\n${output}`);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
