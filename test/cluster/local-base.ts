import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync } from "node:fs";
import { chmod, copyFile, cp, mkdir, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { cachedDirectory } from "../cache/cached-directory.ts";
import type { ImageBuilder } from "./image-builder.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");

/** Images that the project's Dockerfile can stand on, made of this machine's files, where there is no registry to pull from. */
export interface LocalBases {
  /** For BASE_IMAGE: a shell, the usual small programs, and the C and C++ libraries. */
  readonly base: string;
  /** For NODE_IMAGE: the same with Node and npm. */
  readonly node: string;
}

/** What Dockerfiles and people in a container call. */
const smallPrograms =
  "sh cat chmod chown cp date env find grep head id ln ls mkdir mv ps readlink rm sed sleep sort tail touch tr uname wc".split(
    " ",
  );
/** Parts of the C library that what is in node_modules may ask for, or that it opens at run time; newer ones have some of them inside. */
const lateLibraries =
  "libdl.so.2 libm.so.6 libpthread.so.0 librt.so.1 libutil.so.1 libanl.so.1 libresolv.so.2 libnss_dns.so.2 libnss_files.so.2".split(
    " ",
  );
const tagCharacters = 12;

/** Builds both images, unless they are there for this machine's files. */
export async function localBases(builder: ImageBuilder): Promise<LocalBases> {
  const files = await baseFiles();
  const npmVersion = (await shell("npm --version")).trim();
  const tag = await digest([...files.keys(), process.execPath], npmVersion);
  const context = await mkdtemp(join(tmpdir(), "snowline-base-"));
  try {
    const directories = { base: join(context, "base"), node: join(context, "node") };
    await Promise.all(Object.values(directories).map((directory) => mkdir(directory)));
    const layer = "COPY . /\nENV PATH=/usr/local/bin:/usr/bin:/bin\n";
    const base = await builder.build({
      name: "snowline.test/base",
      tag,
      context: directories.base,
      prepare: () => fillBase(directories.base, files),
      dockerfile: `FROM scratch\n${layer}`,
    });
    const node = await builder.build({
      name: "snowline.test/node",
      tag,
      context: directories.node,
      prepare: () => fillNode(directories.node, npmVersion),
      dockerfile: `FROM ${base}\nCOPY . /\n`,
    });
    return { base, node };
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

/** Files of this machine that make the base, and where each goes. */
async function baseFiles(): Promise<ReadonlyMap<string, string>> {
  const programs = await Promise.all(smallPrograms.map(async (name) => (await shell(`command -v ${name}`)).trim()));
  const natives = globSync("node_modules/{@duckdb,@node-rs}/*/*.node", { cwd: root });
  const used = [...programs, process.execPath, ...natives.map((file) => join(root, file))];
  // Not what comes with a package: that is in the package.
  const libraries = (await Promise.all(used.map(librariesOf))).flat().filter((file) => !file.startsWith(root));
  const beside = dirname(libraries.find((file) => file.includes("/libc.so"))!);
  const late = lateLibraries.map((name) => join(beside, name)).filter((file) => existsSync(file));
  return new Map([
    ...programs.map((file, at) => [file, join("usr/bin", smallPrograms[at]!)] as const),
    ...[...libraries, ...late].map((file) => [file, file] as const),
  ]);
}

/** Stands for the content of files, without reading them. */
async function digest(files: readonly string[], rest: string): Promise<string> {
  const states = await Promise.all(files.map(async (file) => ({ file, state: await stat(file) })));
  const lines = states.map(({ file, state }) => `${file} ${state.size} ${state.mtimeMs}`);
  return createHash("sha256")
    .update([...lines.toSorted(), rest].join("\n"))
    .digest("hex")
    .slice(0, tagCharacters);
}

async function fillBase(directory: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const name of ["usr/bin", "bin", "etc", "root", "tmp", "usr/local/bin"])
    await mkdir(join(directory, name), { recursive: true });
  await chmod(join(directory, "tmp"), 0o1777);
  for (const [from, to] of files) {
    await mkdir(join(directory, dirname(to)), { recursive: true });
    await copyFile(from, join(directory, to));
  }
  await symlink("../usr/bin/sh", join(directory, "bin/sh"));
  await writeFile(join(directory, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/tmp:/bin/sh\n");
  await writeFile(join(directory, "etc/group"), "root:x:0:\nnode:x:1000:\n");
  await writeFile(join(directory, "etc/nsswitch.conf"), "hosts: files dns\n");
}

/** The libraries that the loader finds for a program, and the loader itself, by their paths; none for a static program. */
async function librariesOf(program: string): Promise<string[]> {
  const listing = await shell(`ldd '${program}' || true`);
  return [...listing.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path!);
}

async function fillNode(directory: string, version: string): Promise<void> {
  const npm = await cachedDirectory(`npm-${version}`, async (partial) => {
    await run("npm", ["install", "--no-save", "--ignore-scripts", "--prefix", partial, `npm@${version}`], { cwd: partial });
  });
  const local = join(directory, "usr/local");
  await mkdir(join(local, "bin"), { recursive: true });
  await copyFile(process.execPath, join(local, "bin/node"));
  await chmod(join(local, "bin/node"), 0o755);
  await cp(join(npm, "node_modules/npm"), join(local, "lib/node_modules/npm"), { recursive: true });
  await symlink("../lib/node_modules/npm/bin/npm-cli.js", join(local, "bin/npm"));
}

async function shell(script: string): Promise<string> {
  const { stdout } = await run("sh", ["-c", script]);
  return stdout;
}
