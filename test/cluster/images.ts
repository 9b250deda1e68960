import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheDirectory } from "../cache/cached-directory.ts";
import { lock } from "../cache/lock.ts";
import { hasDocker } from "./docker.ts";
import { type BuiltImage, buildahBuilder, dockerBuilder, type ImageBuild, type ImageBuilder } from "./image-builder.ts";
import { localBases } from "./local-base.ts";
import { nodePackages } from "./node-packages.ts";
import { npmSettings } from "./npm-settings.ts";

const root = join(import.meta.dirname, "..", "..");

/** The project's images: `snowline` is the operator and the pipelines' pods, `warehouse` the test warehouse. */
export type ProjectTarget = "snowline" | "warehouse";

/**
 * The project's own images, by its Dockerfile, each under a name that is made of its content. With Docker they stand on the images
 * that the Dockerfile names; else on images made of this machine's files, and buildah builds them (local-base.ts). A first build takes
 * about a minute, one after a change of the sources seconds.
 */
export async function projectImages(
  targets: readonly ProjectTarget[],
  say: (line: string) => void = () => {},
): Promise<BuiltImage[]> {
  const began = performance.now();
  const built = await inTurn(async () => {
    const docker = await hasDocker();
    if (!docker) await nodePackages(say);
    const builder = docker ? await dockerBuilder() : await buildahBuilder();
    const images = targets.map((target): ImageBuild => ({ name: `snowline.test/${target}`, context: root, target }));
    if (docker) return eachOf(images, (image) => builder.archive(image));
    return onLocalBases(builder, images);
  });
  say(
    `the image${targets.length === 1 ? "" : "s"} ${targets.join(", ")} took ${((performance.now() - began) / 1000).toFixed(1)} s`,
  );
  return built;
}

/** The image that holds the namespaces of a pod: a process that waits until it is asked to end. Only nodes of ours need it. */
export async function pauseImage(): Promise<BuiltImage> {
  return inTurn(async () => {
    const builder = await buildahBuilder();
    const { base } = await localBases(builder);
    const wait = "trap 'exit 0' TERM; while :; do sleep 1000000 & wait; done";
    const dockerfile = `FROM ${base}\nUSER 65532:65532\nENTRYPOINT ["/bin/sh", "-c", ${JSON.stringify(wait)}]\n`;
    const context = await mkdtemp(join(tmpdir(), "snowline-pause-"));
    try {
      return await builder.archive({
        name: "snowline.test/pause",
        tag: base.slice(base.lastIndexOf(":") + 1),
        context,
        dockerfile,
      });
    } finally {
      await rm(context, { recursive: true, force: true });
    }
  });
}

async function onLocalBases(builder: ImageBuilder, images: readonly ImageBuild[]): Promise<BuiltImage[]> {
  const bases = await localBases(builder);
  const directory = await mkdtemp(join(tmpdir(), "snowline-npm-"));
  try {
    const mounts = await npmSettings(directory);
    const args = { NODE_IMAGE: bases.node, BASE_IMAGE: bases.base };
    return await eachOf(images, (image) => builder.archive({ ...image, args, mounts }));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** One process at a time: two builds of the same steps would both do them. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const home = cacheDirectory("images");
  await mkdir(home, { recursive: true });
  await using _lock = await lock(join(home, "lock"));
  return work();
}

async function eachOf<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const one of all) results.push(await work(one));
  return results;
}
