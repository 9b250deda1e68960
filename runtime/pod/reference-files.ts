import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SecretReference, ValueReference } from "../../crds/secret-reference.ts";
import { Terminal } from "../component/errors.ts";

/** Where Secrets and ConfigMaps are mounted: each a folder of its name, each key a file in it. */
export interface ReferenceDirectories {
  readonly secrets: string;
  readonly configMaps: string;
}

/** Kubernetes' rule for the names of Secrets, ConfigMaps and their keys; keeps a reference inside its folder. */
const nameRule = /^[-._a-zA-Z0-9]+$/;

/** The secret's value, read anew at each call. Throws Terminal naming the reference and the file, never the value. */
export function readSecret(directories: ReferenceDirectories, { secret, key }: SecretReference): Promise<string> {
  return readKey(`secret ${secret}, key ${key}`, directories.secrets, [secret, key]);
}

/** Likewise for values that need not be secret. */
export function readValue(directories: ReferenceDirectories, { secret, configMap, key }: ValueReference): Promise<string> {
  if (secret !== undefined) return readSecret(directories, { secret, key });
  if (configMap !== undefined) return readKey(`config map ${configMap}, key ${key}`, directories.configMaps, [configMap, key]);
  throw new Terminal("ReferenceInvalid", `reference with key ${key}: set exactly one of: secret, configMap`);
}

async function readKey(what: string, directory: string, names: readonly [string, string]): Promise<string> {
  if (names.some((name) => !nameRule.test(name) || name === "." || name === "..")) {
    throw new Terminal("ReferenceInvalid", `${what}: names have letters, digits, dashes, underscores and dots only`);
  }
  const path = join(directory, ...names);
  try {
    // Editors end a file with a newline that is not part of a password.
    return (await readFile(path, "utf8")).replace(/\r?\n$/, "");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "is not there" : `cannot be read (${code ?? "unknown error"})`;
    throw new Terminal("SecretMissing", `${what}: the file ${path} ${why}`, { cause: error });
  }
}
