import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cachedDirectory } from "../cache/cached-directory.ts";

const run = promisify(execFile);

/** Where the programs are. */
export interface MonitoringPrograms {
  readonly prometheus: string;
  readonly promtool: string;
  /** Words of a command, to which its flags are added. */
  readonly alertmanager: readonly string[];
}

const debianPackages = ["prometheus", "prometheus-alertmanager"];
/** Where Debian's Alertmanager looks for its own templates, whatever it is told. */
const templates = "/usr/share/prometheus/alertmanager";

/**
 * Prometheus, promtool and Alertmanager: those of this machine, or else Debian's, downloaded once and unpacked outside the tree,
 * without an installation. Throws a sentence that says what to install where there are neither.
 */
export async function monitoringPrograms(): Promise<MonitoringPrograms> {
  const [prometheus, promtool, alertmanager] = await Promise.all([
    found("prometheus"),
    found("promtool"),
    found("prometheus-alertmanager", "alertmanager"),
  ]);
  if (prometheus !== null && promtool !== null && alertmanager !== null)
    return { prometheus, promtool, alertmanager: [alertmanager] };
  const release = /^VERSION_CODENAME=(?<name>\w+)$/m.exec(await readFile("/etc/os-release", "utf8").catch(() => ""))?.groups?.[
    "name"
  ];
  if (release === undefined || (await found("apt-get")) === null || (await found("dpkg-deb")) === null)
    throw new Error("monitoring: there are no prometheus, promtool and alertmanager here: install Prometheus and Alertmanager");
  const directory = await cachedDirectory(`monitoring-${release}-${process.arch}`, unpack);
  const program = (name: string): string => join(directory, "usr/bin", name);
  return {
    prometheus: program("prometheus"),
    promtool: program("promtool"),
    alertmanager: ["env", "--chdir", join(directory, templates), program("prometheus-alertmanager")],
  };
}

async function unpack(directory: string): Promise<void> {
  const download = () => run("apt-get", ["download", ...debianPackages], { cwd: directory });
  try {
    // A fresh machine has no list of packages, or an old one.
    await download().catch(async () => {
      await run("apt-get", ["update"]);
      await download();
    });
  } catch (cause) {
    throw new Error(`monitoring: Debian's packages cannot be had; see what says: apt-get download ${debianPackages.join(" ")}`, {
      cause,
    });
  }
  const files = (await readdir(directory)).filter((name) => name.endsWith(".deb"));
  for (const file of files) await run("dpkg-deb", ["--extract", join(directory, file), directory]);
  await relocate(join(directory, "usr/bin/prometheus-alertmanager"));
}

/** Nothing is installed, so its templates are not where it looks: its copy here looks where it is started instead. */
async function relocate(file: string): Promise<void> {
  const here = "/proc/self/cwd";
  const program = await readFile(file);
  // To the byte as long, since a Go program knows the lengths of its texts.
  const replacement = here.padEnd(templates.length, "/.");
  for (let at = program.indexOf(templates); at !== -1; at = program.indexOf(templates, at)) program.write(replacement, at);
  await writeFile(file, program);
}

/** Path of the first of the programs that is there. */
async function found(...names: readonly string[]): Promise<string | null> {
  for (const name of names) {
    const path = await run("sh", ["-c", `command -v ${name}`]).then(
      ({ stdout }) => stdout.trim(),
      () => null,
    );
    if (path !== null) return path;
  }
  return null;
}
