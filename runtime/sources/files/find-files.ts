import { glob, stat } from "node:fs/promises";
import { isAbsolute, join, normalize, relative, sep } from "node:path";
import { Terminal } from "../../component/errors.ts";

/** A file that the manifest's paths match. */
export interface FoundFile {
  /**
   * The path as the manifest says it: relative to the manifest's folder where the manifest's path is, so that the folder may
   * move and its positions still hold; else absolute. Slashes on every system.
   */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

/** Where and how to look. */
export interface FindOptions {
  /** Absolute path of the manifest's folder. */
  readonly folder: string;
  /** False: a path that matches no file is a mistake. True: its files may still come. */
  readonly mayComeLater: boolean;
}

/**
 * The files that match, each once, by name. A path that is the very name of a file stands for it, whatever characters it has.
 * A glob passes over directories and over names that begin with a dot. Throws Terminal naming the path that matches nothing.
 */
export async function findFiles(paths: readonly string[], { folder, mayComeLater }: FindOptions): Promise<readonly FoundFile[]> {
  const found = new Map<string, FoundFile>();
  for (const path of paths) {
    const matches = await match(path, folder);
    if (matches.length === 0 && !mayComeLater) {
      throw new Terminal("FilesMissing", `source.files.paths: no file matches ${path} (looked from ${folder})`);
    }
    for (const absolute of matches) {
      if (found.has(absolute)) continue;
      const name = isAbsolute(path) ? absolute : relative(folder, absolute);
      found.set(absolute, { name: name.split(sep).join("/"), path: absolute });
    }
  }
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function match(path: string, folder: string): Promise<string[]> {
  const literal = isAbsolute(path) ? normalize(path) : join(folder, path);
  const itself = await stat(literal).catch(() => null);
  if (itself?.isDirectory() === true) {
    throw new Terminal(
      "FilesMissing",
      `source.files.paths: ${path} is a directory; to read the files in it write ${path.replace(/\/+$/, "")}/*`,
    );
  }
  if (itself !== null) return [literal];
  const matches: string[] = [];
  for await (const one of glob(path, { cwd: folder })) {
    const absolute = isAbsolute(one) ? normalize(one) : join(folder, one);
    if ((await stat(absolute).catch(() => null))?.isFile() === true) matches.push(absolute);
  }
  return matches;
}
