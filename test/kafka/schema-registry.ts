import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cachedDirectory } from "../cache/cached-directory.ts";
import { freePorts } from "./free-port.ts";
import { startGuarded } from "./guarded-process.ts";
import { mavenArtifacts } from "./maven-artifacts.ts";

const run = promisify(execFile);

/** The last line of Apicurio that runs on a JDK 17. */
const registryVersion = "2.6.13.Final";
/** It takes about 20 s on a busy machine. */
const startTimeoutMs = 120_000;
const stopGraceMs = 5000;

/** A running schema registry. */
export interface SchemaRegistry extends AsyncDisposable {
  /** Base URL of Confluent's REST API. */
  readonly url: string;
  readonly startSeconds: number;
  stop(): Promise<void>;
}

/**
 * Starts a real schema registry (Apicurio, in memory) on a free port of 127.0.0.1. It never outlives this process.
 * Needs a JDK 17 and Maven (142 MB are downloaded once).
 */
export async function startSchemaRegistry(options: { readonly say?: (line: string) => void } = {}): Promise<SchemaRegistry> {
  const began = performance.now();
  const say = options.say ?? (() => {});
  const application = await unpacked(say);
  const jar = (await readdir(application)).find((name) => name.endsWith("-runner.jar") || name === "quarkus-run.jar");
  if (jar === undefined)
    throw new Error(`schema registry: no runnable jar in ${application}; remove the directory to download it again`);
  const [port] = (await freePorts(1)) as [number];
  const directory = await mkdtemp(join(tmpdir(), "snowline-registry-"));
  const settings = [`-Dquarkus.http.port=${port}`, "-Dquarkus.http.host=127.0.0.1", `-Djava.io.tmpdir=${directory}`];
  const small = ["-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
  const registry = startGuarded(["java", ...small, ...settings, "-jar", join(application, jar)], {
    name: "schema registry",
    removed: directory,
  });
  const stop = async () => {
    if (registry.running) await registry.stop(stopGraceMs);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await registry.saw("Listening on", startTimeoutMs);
  } catch (error) {
    await stop();
    throw error;
  }
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  const startSeconds = (performance.now() - began) / 1000;
  say(`schema registry is ready on ${url} after ${startSeconds.toFixed(1)} s`);
  return { url, startSeconds, stop, [Symbol.asyncDispose]: stop };
}

async function unpacked(say: (line: string) => void): Promise<string> {
  const artifact = {
    group: "io.apicurio",
    name: "apicurio-registry-app",
    version: registryVersion,
    type: "tar.gz",
    classifier: "all",
    alone: true,
  };
  const name = `apicurio-registry-${registryVersion}`;
  return cachedDirectory(name, async (partial) => {
    const archives = await mavenArtifacts(`${name}-archive`, [artifact], () =>
      say("downloading the schema registry, 142 MB, once"),
    );
    const archive = (await readdir(archives)).find((file) => file.endsWith(".tar.gz"));
    if (archive === undefined)
      throw new Error(`schema registry: no archive in ${archives}; remove the directory to download it again`);
    await run("tar", ["-xzf", join(archives, archive), "-C", partial]);
  });
}
