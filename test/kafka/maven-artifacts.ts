import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cachedDirectory } from "../cache/cached-directory.ts";

/** Maven coordinates; `type` and `classifier` as Maven's. */
export interface Artifact {
  readonly group: string;
  readonly name: string;
  readonly version: string;
  readonly type?: string;
  readonly classifier?: string;
  /** True: without what it depends on. */
  readonly alone?: boolean;
}

/**
 * Artifacts and what they depend on (unless `alone`), as files in a directory of the cache. Downloads once, also when several processes
 * ask at the same time. Throws with a sentence that names the fix where Maven lacks or cannot download.
 */
export async function mavenArtifacts(name: string, artifacts: readonly Artifact[], announce: () => void): Promise<string> {
  return cachedDirectory(name, (partial) => {
    announce();
    return resolveInto(partial, artifacts);
  });
}

async function resolveInto(directory: string, artifacts: readonly Artifact[]): Promise<void> {
  const project = await mkdtemp(join(tmpdir(), "snowline-maven-"));
  try {
    await writeFile(join(project, "pom.xml"), pom(artifacts));
    await maven(["-B", "-q", "-f", join(project, "pom.xml"), "dependency:copy-dependencies", `-DoutputDirectory=${directory}`]);
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}

function pom(artifacts: readonly Artifact[]): string {
  const element = (name: string, value: string | undefined) => (value === undefined ? "" : `<${name}>${value}</${name}>`);
  const nothing = "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>";
  const dependencies = artifacts.map(({ group, name, version, type, classifier, alone }) => {
    const coordinates = element("groupId", group) + element("artifactId", name) + element("version", version);
    return `<dependency>${coordinates}${element("type", type)}${element("classifier", classifier)}${alone === true ? nothing : ""}</dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>dev.snowline</groupId><artifactId>downloads</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
${dependencies.join("\n")}
</dependencies></project>
`;
}

async function maven(args: readonly string[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const child = spawn("mvn", args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (text: Buffer) => (output = (output + text.toString()).slice(-2000));
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  child.on("error", (cause) =>
    reject(new Error("maven: cannot be started; install Maven (mvn) and a JDK 17 or newer", { cause })),
  );
  child.on("close", (code) =>
    code === 0
      ? resolve()
      : reject(
          new Error(`maven: download failed (exit ${code}); check the network and the mirrors in ~/.m2/settings.xml\n${output}`),
        ),
  );
  await promise;
}
