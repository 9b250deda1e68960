import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Whether a Docker engine runs here: then images are built by it, and clusters are kind's. */
export async function hasDocker(): Promise<boolean> {
  return run("docker", ["info"]).then(
    () => true,
    () => false,
  );
}
