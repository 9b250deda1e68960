// Plain JavaScript without dependencies: it runs on the machine's own Node, before anything is installed.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const modules = join(root, "node_modules");
const stampFile = join(modules, ".snowline-installed");
const pinnedNode = join(modules, "node", "bin", process.platform === "win32" ? "node.exe" : "node");
const nodeMajorMin = 20;
const say = (line) => process.stderr.write(`set-up: ${line}\n`);

/** Ends the process with one line that says what is missing and how to get it. */
function stop(line) {
  say(line);
  process.exit(1);
}

function stamp() {
  const hash = createHash("sha256");
  for (const file of ["package.json", "package-lock.json"]) hash.update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

function run(command, args, directory) {
  const { status, error } = spawnSync(command, args, {
    cwd: directory,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  return error === undefined ? status === 0 : false;
}

/** npm as it was called, so that the same version installs; or the one on the PATH. */
function npm(args, directory) {
  const caller = process.env.npm_execpath;
  return caller !== undefined && caller.endsWith(".js")
    ? run(process.execPath, [caller, ...args], directory)
    : run("npm", args, directory);
}

/**
 * Installs what package-lock.json names, if that has not been done since it last changed, and returns the path of the Node
 * that the project runs on (the npm package `node`, whatever the machine's own version is). Says on stderr what it does.
 */
export function setUp() {
  if (Number(process.versions.node.split(".")[0]) < nodeMajorMin)
    stop(
      `Node ${process.versions.node} is too old: install Node ${nodeMajorMin} or newer (https://nodejs.org) and run this again`,
    );
  const wanted = stamp();
  if (!existsSync(stampFile) || readFileSync(stampFile, "utf8") !== wanted) {
    say("installing npm packages (a minute or less, once per change of package-lock.json)");
    // Not `npm ci`: it refuses a lock file that lacks the binaries of other platforms, which a registry mirror may not carry.
    if (!npm(["install", "--no-save", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"], root))
      stop("`npm install` failed: see its message above, then run this again");
    if (!existsSync(pinnedNode)) {
      // Its install step did not run: `ignore-scripts`, or an npm that wants each script approved.
      say("installing Node for the project");
      run(process.execPath, ["installArchSpecificPackage.js"], join(modules, "node"));
    }
    if (!existsSync(pinnedNode)) stop(`${pinnedNode} is missing: remove node_modules and run this again`);
    writeFileSync(stampFile, wanted);
  }
  return pinnedNode;
}

/** Runs a program on the given Node in place of this process: same terminal, signals passed on, same exit code. */
export function become(node, args) {
  const child = spawn(node, args, { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the whole process group: the child has it already, and a second one means "at once".
      if (signal === "SIGTERM" || !process.stdin.isTTY) child.kill(signal);
    });
  child.on("error", (error) => stop(`cannot start ${node}: ${error.message}`));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
