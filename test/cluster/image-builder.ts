import { execFile } from "node:child_process";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { cacheDirectory } from "../cache/cached-directory.ts";

const run = promisify(execFile);

/** One image to build. */
export interface ImageBuild {
  /** `registry/repository`, without a tag. */
  readonly name: string;
  /** Stands for the content: an image with this tag is not built again. Without it, all steps are compared, and the tag is made from the result. */
  readonly tag?: string;
  /** Directory that COPY copies from; a Dockerfile is in it, unless `dockerfile` gives its text. */
  readonly context: string;
  readonly dockerfile?: string;
  /** Fills the context, when it is needed. */
  readonly prepare?: () => Promise<void>;
  readonly target?: string;
  readonly args?: Readonly<Record<string, string>>;
  /** Files and directories of the machine that RUN sees; they do not get into the image. */
  readonly mounts?: Readonly<Record<string, string>>;
}

/** A built image. */
export interface BuiltImage {
  /** With a tag that is made from the content: another content has another name. */
  readonly name: string;
  /** As `docker save` writes it. */
  readonly archive: string;
}

/** How images are built here: by buildah or by Docker. */
export interface ImageBuilder {
  /** Builds an image for other builds to stand on; resolves to its name. Steps that have not changed are not done again. */
  build(image: ImageBuild): Promise<string>;
  /** Likewise, and writes it into an archive, once. */
  archive(image: ImageBuild): Promise<BuiltImage>;
}

const outputBytesMax = 64 * 1024 * 1024;
/** Characters of an id that make a tag. */
const tagCharacters = 12;
/** Archives of one image that stay: those of the latest sources, and of others' runs at the same time. */
const archivesMax = 3;
/** Images in buildah's store, unfinished ones included. Each change of the sources leaves two of some megabytes; then all begins anew. */
const imagesMax = 200;

/** buildah, with its own store outside the tree. Needs root. */
export async function buildahBuilder(): Promise<ImageBuilder> {
  const home = cacheDirectory("images");
  await mkdir(home, { recursive: true });
  // Nothing is pulled, so there is no signature to ask for.
  const policy = join(home, "policy.json");
  await writeFile(policy, '{"default":[{"type":"insecureAcceptAnything"}]}');
  const driver = (await run("stat", ["--file-system", "--format=%T", home])).stdout.includes("overlay") ? "vfs" : "overlay";
  const store = ["--root", join(home, driver), "--runroot", join(home, `${driver}-run`), "--storage-driver", driver];
  // In a mount namespace of its own: what it mounts ends with it.
  const words = (args: readonly string[]) => ["--mount", "buildah", ...store, ...args];
  const buildah = (args: readonly string[]) => command("unshare", words(args));
  if ((await buildah(["images", "--all", "--quiet"])).split("\n").length > imagesMax) await buildah(["rmi", "--all", "--force"]);
  const build = async (image: ImageBuild): Promise<string> => {
    const { name, tag, context, dockerfile, target, args = {}, mounts = {} } = image;
    if (tag !== undefined && (await succeeds("unshare", words(["inspect", "--type=image", `${name}:${tag}`]))))
      return `${name}:${tag}`;
    await image.prepare?.();
    const file = join(home, `${name.replaceAll(/\W/g, "-")}.dockerfile`);
    if (dockerfile !== undefined) await writeFile(file, dockerfile);
    const id = await buildah([
      "build",
      "--quiet",
      "--layers",
      "--isolation=chroot",
      "--pull=never",
      `--signature-policy=${policy}`,
      `--file=${dockerfile === undefined ? join(context, "Dockerfile") : file}`,
      ...(target === undefined ? [] : [`--target=${target}`]),
      ...Object.entries(args).map(([key, value]) => `--build-arg=${key}=${value}`),
      ...Object.entries(mounts).map(([there, here]) => `--volume=${here}:${there}:ro`),
      context,
    ]);
    const tagged = `${name}:${tag ?? id.slice(0, tagCharacters)}`;
    await buildah(["tag", id, tagged]);
    return tagged;
  };
  return {
    build,
    archive: async (image) => {
      const made = image.tag === undefined ? null : archiveFile(home, `${image.name}:${image.tag}`);
      if (made !== null && (await stat(made).catch(() => null)) !== null)
        return { name: `${image.name}:${image.tag}`, archive: made };
      const name = await build(image);
      const save = (file: string) =>
        buildah(["push", "--quiet", `--signature-policy=${policy}`, name, `docker-archive:${file}:${name}`]);
      return { name, archive: await archived(home, name, save) };
    },
  };
}

/** The Docker engine. */
export async function dockerBuilder(): Promise<ImageBuilder> {
  const home = cacheDirectory("images");
  await mkdir(home, { recursive: true });
  const build = async (image: ImageBuild): Promise<string> => {
    const { name, context, dockerfile, target, args = {} } = image;
    await image.prepare?.();
    const file = join(home, `${name.replaceAll(/\W/g, "-")}.dockerfile`);
    if (dockerfile !== undefined) await writeFile(file, dockerfile);
    const id = await command("docker", [
      "build",
      "--quiet",
      `--file=${dockerfile === undefined ? join(context, "Dockerfile") : file}`,
      ...(target === undefined ? [] : [`--target=${target}`]),
      ...Object.entries(args).map(([key, value]) => `--build-arg=${key}=${value}`),
      context,
    ]);
    const tagged = `${name}:${id.replace("sha256:", "").slice(0, tagCharacters)}`;
    await command("docker", ["tag", id, tagged]);
    return tagged;
  };
  return {
    build,
    archive: async (image) => {
      const name = await build(image);
      return { name, archive: await archived(home, name, (file) => command("docker", ["save", "--output", file, name])) };
    },
  };
}

/** Where the archive of an image is, or goes. */
function archiveFile(home: string, name: string): string {
  const [repository, tag] = [name.slice(0, name.lastIndexOf(":")), name.slice(name.lastIndexOf(":") + 1)];
  return join(home, "archives", repository.replaceAll(/\W/g, "-"), `${tag}.tar`);
}

async function archived(home: string, name: string, save: (file: string) => Promise<unknown>): Promise<string> {
  const file = archiveFile(home, name);
  await mkdir(dirname(file), { recursive: true });
  const there = await stat(file).catch(() => null);
  if (there === null) {
    const partial = `${file}.${process.pid}`;
    await rm(partial, { force: true });
    await save(partial);
    await rename(partial, file);
    await forgetOldest(dirname(file));
  }
  return file;
}

async function forgetOldest(directory: string): Promise<void> {
  const files = await Promise.all(
    (await readdir(directory)).map(async (name) => ({ name, madeMs: (await stat(join(directory, name))).mtimeMs })),
  );
  const oldest = files.toSorted((a, b) => b.madeMs - a.madeMs).slice(archivesMax);
  for (const { name } of oldest) await rm(join(directory, name), { force: true });
}

async function command(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(program, args, { maxBuffer: outputBytesMax }).catch((cause: unknown) => {
    const { stderr = "" } = cause as { stderr?: string };
    throw new Error(`${program}: an image cannot be built:\n${stderr.trim().slice(-2000)}`, { cause });
  });
  return stdout.trim();
}

async function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  return run(program, args).then(
    () => true,
    () => false,
  );
}
